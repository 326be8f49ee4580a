import { expect, it } from 'vitest'
import { arrowOf } from '../../../../src/renderer/ui/arrow'

it('leaves combinations of keys to the browser, and other keys to the page', () => {
  const none = { ctrlKey: false, metaKey: false, altKey: false }
  expect(arrowOf({ ...none, key: 'ArrowLeft' })).toBe('ArrowLeft')
  expect(arrowOf({ ...none, key: 'Home' })).toBe('Home')
  expect(arrowOf({ ...none, key: 'a' })).toBeNull()
  for (const modifier of ['ctrlKey', 'metaKey', 'altKey'] as const)
    expect(arrowOf({ ...none, [modifier]: true, key: 'ArrowLeft' }), modifier).toBeNull()
})
