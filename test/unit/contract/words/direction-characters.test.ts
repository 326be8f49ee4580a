import { expect, test } from 'vitest'
import { showDirectionCharacters } from '../../../../src/contract/words/direction-characters'

test('invisible direction marks are shown by their number, and other writing is unchanged', () => {
  expect(showDirectionCharacters('"a\u202Egpj.exe" is \u2066not\u2069 read')).toBe(
    '"aU+202Egpj.exe" is U+2066notU+2069 read'
  )
  expect(showDirectionCharacters('שלום, мир, 世界, e\u0301')).toBe('שלום, мир, 世界, e\u0301')
})
