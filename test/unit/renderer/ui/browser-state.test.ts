import { afterEach, expect, it, vi } from 'vitest'
import { Theme } from '../../../../src/renderer/app/theme.svelte'
import { DragBox } from '../../../../src/renderer/plots/drag-box.svelte'
import { StoredSwitch } from '../../../../src/renderer/ui/stored-switch.svelte'
import { PaneWidth } from '../../../../src/renderer/ui/pane-width.svelte'

afterEach(() => vi.unstubAllGlobals())

/** Storage of a browser. */
function storage(kept: Record<string, string> = {}): Map<string, string> {
  const stored = new Map(Object.entries(kept))
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value)
  })
  return stored
}

it('a theme follows the system until one is chosen, and is remembered', () => {
  const stored = storage({ 'slr-theme': 'nonsense' })
  let heard: (event: { matches: boolean }) => void = () => undefined
  vi.stubGlobal('window', {
    matchMedia: () => ({
      matches: true,
      addEventListener: (_: string, listener: typeof heard) => (heard = listener)
    })
  })
  const dataset: Record<string, string> = {}
  vi.stubGlobal('document', { documentElement: { dataset } })
  const theme = new Theme()
  expect([theme.choice, theme.current, dataset]).toEqual(['system', 'dark', {}])
  heard({ matches: false })
  expect(theme.current).toBe('light')
  theme.choose('dark')
  expect([theme.choice, theme.current, dataset['theme'], stored.get('slr-theme')]).toEqual([
    'dark',
    'dark',
    'dark',
    'dark'
  ])
  expect(new Theme().choice).toBe('dark')
  theme.choose('system')
  expect([theme.choice, dataset]).toEqual(['system', {}])
})

it('a pane keeps its width, also where the browser keeps nothing', () => {
  const stored = storage()
  const pane = new PaneWidth('inspector', () => 299.6)
  expect(pane.width).toBe(300)
  pane.resize(400)
  expect([pane.width, stored.get('width of inspector')]).toEqual([400, '400'])
  expect(new PaneWidth('inspector', () => 300).width).toBe(400)
  const refuse = (): never => {
    throw new Error('forbidden')
  }
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse })
  const other = new PaneWidth('inspector', () => 300)
  other.resize(250)
  expect(other.width).toBe(250)
})

it('shortcuts of a single key are on until they are switched off, also where the browser keeps nothing', () => {
  storage()
  const keys = new StoredSwitch('slr-key-tie')
  expect(keys.on).toBe(true)
  keys.on = false
  expect([keys.on, new StoredSwitch('slr-key-tie').on]).toEqual([false, false])
  const refuse = (): never => {
    throw new Error('forbidden')
  }
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse })
  const other = new StoredSwitch('slr-key-tie')
  other.on = false
  expect(other.on).toBe(false)
})

it('a rectangle is dragged from where the pointer went down, and a click is none', () => {
  const captured: number[] = []
  const frame = {
    getBoundingClientRect: () => ({ left: 10, top: 20 }),
    setPointerCapture: (id: number) => void captured.push(id)
  }
  const drag = new DragBox(() => frame)
  const pointer = (clientX: number, clientY: number, button = 0) => ({
    ...{ clientX, clientY, button },
    pointerId: 7
  })
  drag.move(pointer(50, 60))
  drag.begin(pointer(50, 60, 2))
  expect(drag.isPointerDown).toBe(false)
  drag.begin(pointer(50, 60))
  drag.move(pointer(53, 62))
  expect([drag.isPointerDown, drag.draggedBox, captured]).toEqual([true, null, []])
  expect(drag.end()).toBeNull()
  drag.begin(pointer(50, 60))
  drag.move(pointer(80, 61))
  expect([drag.draggedBox, captured]).toEqual([{ x: 40, y: 40, toX: 70, toY: 41 }, [7]])
  expect(drag.end()).toEqual({ x: 40, y: 40, toX: 70, toY: 41 })
  drag.begin(pointer(50, 60))
  drag.move(pointer(80, 90))
  drag.cancel()
  expect([drag.isPointerDown, drag.end()]).toEqual([false, null])
})
