import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { rememberTyped, typedBefore } from '../../../../src/renderer/app/typed-text'

beforeEach(() => {
  const items = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key)
  })
})
afterEach(() => vi.unstubAllGlobals())

it('returns text that was typed before a reload, until it is saved or discarded', () => {
  expect(typedBefore('notes', 'old')).toBeNull()
  rememberTyped('notes', { text: 'new', base: 'old' })
  expect(typedBefore('notes', 'old')).toBe('new')
  expect(typedBefore('notes', 'new')).toBeNull()
  expect(typedBefore('other notes', 'old')).toBeNull()
  rememberTyped('notes', null)
  expect(typedBefore('notes', 'old')).toBeNull()
})

it('leaves text alone that was saved meanwhile by another window', () => {
  rememberTyped('notes', { text: 'new', base: 'old' })
  expect(typedBefore('notes', 'of another window')).toBeNull()
})

it('keeps nothing where the browser has no storage', () => {
  vi.stubGlobal('sessionStorage', undefined)
  rememberTyped('notes', { text: 'new', base: 'old' })
  expect(typedBefore('notes', 'old')).toBeNull()
})
