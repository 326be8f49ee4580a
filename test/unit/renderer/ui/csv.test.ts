import { expect, test } from 'vitest'
import { toCsv } from '../../../../src/renderer/ui/csv'

test('a name that a spreadsheet would compute gets an apostrophe, and a number stays one', () => {
  const rows = [['=HYPERLINK("x")', -0.5, '-0.25', '+1e-3', null, '\tx', '@a', '-b', 'a=b']]
  expect(toCsv(['pair'], rows)).toBe(`pair\r\n"'=HYPERLINK(""x"")",-0.5,-0.25,+1e-3,,'\tx,'@a,'-b,a=b\r\n`)
})

test('fields with separators and quotes are quoted', () => {
  expect(toCsv(['a', 'b'], [['x,"y"', null]])).toBe('a,b\r\n"x,""y""",\r\n')
})
