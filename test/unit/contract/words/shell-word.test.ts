import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellWord } from '../../../../src/contract/words/shell-word'

it('leaves a plain word, quotes others, and writes invisible characters as escapes on one line', () => {
  expect(shellWord('/models/8B-a_b.gguf')).toBe('/models/8B-a_b.gguf')
  expect(shellWord('')).toBe("''")
  expect(shellWord("Ada's 8B\\")).toBe(String.raw`'Ada'\''s 8B\'`)
  expect(shellWord("a\n'b'\t\\c\u001b1\u200b2 é")).toBe(String.raw`$'a\n\'b\'\t\\c\0331\342\200\2132 é'`)
})

it.runIf(process.platform !== 'win32')('is read back by a shell as it was', () => {
  const words = ["it's", 'a\nb\tc', '\u001b[31m1', '\u20287', "x\u200b'\\n", '$HOME `id` "q"']
  const printed = execFileSync('bash', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {
    encoding: 'utf8'
  })
  expect(printed.split('\0').slice(0, -1)).toEqual(words)
})
