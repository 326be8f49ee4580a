import { expect, it, vi } from 'vitest'
import { Folds } from '../../../../src/renderer/ui/folds.svelte'

it('a fold stays as the user left it, also in the next window, and where the browser keeps nothing', () => {
  const stored = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value)
  })
  const folds = new Folds()
  expect([folds.isOpen('notes'), folds.isOpen('queue', true)]).toEqual([false, true])
  folds.set('notes', true)
  folds.set('queue', false)
  const next = new Folds()
  expect([next.isOpen('notes'), next.isOpen('queue', true)]).toEqual([true, false])
  const refuse = (): never => {
    throw new Error('forbidden')
  }
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse })
  const other = new Folds()
  other.set('notes', true)
  expect([other.isOpen('notes'), other.isOpen('weights')]).toEqual([true, false])
  vi.unstubAllGlobals()
})
