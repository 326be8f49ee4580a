import { expect, test } from 'vitest'
import { turnsShown } from '../../../../src/contract/words/turned-text'

test('invisible direction marks are shown by their number, and other writing is unchanged', () => {
  expect(turnsShown('"a\u202Egpj.exe" is \u2066not\u2069 read')).toBe('"aU+202Egpj.exe" is U+2066notU+2069 read')
  expect(turnsShown('שלום, мир, 世界, e\u0301')).toBe('שלום, мир, 世界, e\u0301')
})
