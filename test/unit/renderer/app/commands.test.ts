import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { listShortcuts, runCommand } from '../../../../src/renderer/app/commands'
import { openSession } from '../../../fixtures/scripted-line'

class Field extends EventTarget {
  readonly blur = vi.fn()
  matches(): boolean {
    return true
  }
}

const page = { dialog: false }
beforeEach(() => {
  page.dialog = false
  vi.stubGlobal('HTMLElement', Field)
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
  vi.stubGlobal('document', { querySelector: () => (page.dialog ? {} : null) })
  vi.stubGlobal('window', { location: { hash: '' }, history: { pushState: () => undefined } })
})
afterEach(() => vi.unstubAllGlobals())

/** A window with a project, and a function that presses a key in it. */
async function opened() {
  const { line, workbench, session } = await openSession()
  const press = (
    key: string,
    more: {
      code?: string
      ctrlKey?: boolean
      altKey?: boolean
      shiftKey?: boolean
      target?: EventTarget
    } = {}
  ): boolean => {
    const preventDefault = vi.fn()
    runCommand(workbench, {
      ...{ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
      ...{ target: null, defaultPrevented: false, preventDefault },
      ...more
    })
    return preventDefault.mock.calls.length > 0
  }
  return { line, workbench, session, press }
}

it('a key goes to a step, undoes, redoes and opens a dialog, but not under an open one or in a field', async () => {
  const { line, workbench, session, press } = await opened()
  session.history.record({ what: 'x', changes: [1] })
  expect(press('™', { altKey: true, code: 'Digit2' })).toBe(true)
  expect(workbench.view).toBe('ranges')
  expect(press('9', { altKey: true, code: 'Digit9' })).toBe(false)
  press('z', { ctrlKey: true })
  press('Z', { ctrlKey: true, shiftKey: true })
  await line.answer('projects.revert', 0, { ...session.state, change: 2 })
  expect(line.call('projects.revert', 1).input).toMatchObject({ changes: [2] })
  const field = new Field()
  expect(press('z', { ctrlKey: true, target: field })).toBe(false)
  expect(press('h', { target: field })).toBe(false)
  // Esc leaves a field, which may handle the key too.
  expect(press('Escape', { target: field })).toBe(false)
  expect(field.blur).toHaveBeenCalledOnce()
  page.dialog = true
  expect(press('h')).toBe(false)
  page.dialog = false
  press('h')
  expect(workbench.dialog).toBe('history')
})

it('each key without a modifier can be switched off, and then Help leaves it out', async () => {
  const { workbench, press } = await opened()
  const effects = (): string[] => listShortcuts(workbench.singleKeys).map(({ effect }) => effect)
  expect(effects()).toContain('Show Help')
  workbench.singleKeys.help.on = false
  expect([press('?'), workbench.dialog]).toEqual([false, null])
  expect(effects()).not.toContain('Show Help')
  expect(effects()).toContain('Show the runs of the pair')
  expect(new Set(effects()).size).toBe(effects().length)
})
