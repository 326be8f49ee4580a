import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WorkbenchError } from '../../../../../src/contract/model/problem'
import { parseJsonBytes } from '../../../../../src/main/base/files/json-pieces'

const read = (text: string): Promise<unknown> => parseJsonBytes(Buffer.from(text), 'f.json')

/** Longer than a piece, as one text. */
const long = (letter: string): string => letter.repeat(140_000)

/** Reports whether JSON.parse accepts the text, and expects the same value if it does. */
async function sameAsParse(text: string): Promise<boolean> {
  let expected: unknown
  try {
    expected = JSON.parse(text)
  } catch {
    await expect(read(text)).rejects.toThrow(/^f\.json is not JSON: /)
    return false
  }
  // Faster than `toEqual` for so many values.
  expect(isDeepStrictEqual(await read(text), expected)).toBe(true)
  return true
}

test('JSON in pieces is the JSON that it is as a whole', async () => {
  const document = {
    '': [1, 2.5, -3e-7, true, null, 'ü\\"]}{['],
    large: { ['__proto__']: { a: long('x') }, b: [[long('y'), { c: [long('z')] }], 2], '10': 1, '2': 1 },
    numbers: Array.from({ length: 60_000 }, (_, i) => i / 7),
    objects: Array.from({ length: 9_000 }, (_, i) => ({ name: `"${i}\\`, list: [i, [i]] }))
  }
  const texts = [
    JSON.stringify(document),
    JSON.stringify(document, null, 2),
    `\uFEFF ${JSON.stringify([document])}\r\n`
  ]
  for (const text of texts.slice(0, 2)) expect(await sameAsParse(text)).toBe(true)
  expect(await read(String(texts[2]))).toEqual([document])
  const read0 = await read(texts[0] ?? '')
  expect(Object.keys(read0 ?? {})).toEqual(Object.keys(document))
})

test('what JSON.parse refuses is refused in pieces', async () => {
  const list = `[${long('1')}]`
  const bad = [
    `[${list},]`,
    `[,${list}]`,
    `[${list} ${list}]`,
    `[${list},,${list}]`,
    `[${list} 1]`,
    `[1 ${list}]`,
    `{"a":${list},}`,
    `{"a" ${list}}`,
    `{${list}}`,
    `{"a":1 "b":${list}}`,
    `{"a":${list} "b":1}`,
    `{1:${list}}`,
    `{"a"::${list}}`,
    `[${list}`,
    `${list}]`,
    `${list}${list}`,
    `[${list}}`,
    `[{"a":${list}]]`,
    `["${long('a')}]`,
    `[${'1,'.repeat(90_000)}]`
  ]
  for (const text of bad) expect(await sameAsParse(text), text.replace(/(.)\1{99,}/g, '$1…')).toBe(false)
  expect(await sameAsParse(`[${' '.repeat(200_000)}]`)).toBe(true)
})

test('any character of long JSON may be lost or changed: it is read, or refused, as by JSON.parse', async () => {
  const rows = Array.from({ length: 40 }, () => `{"a": [1, {"b": "${'x'.repeat(4_000)}"}], "c\\"": "é"}`)
  const text = `{"first": [${rows.join(', ')}], "second": {"x": [${rows.join(',')}]}}`
  const marks = [...text.matchAll(/[^x]/g)].map(({ index }) => index)
  const place = fc.constantFrom(...marks)
  await fc.assert(
    fc.asyncProperty(place, fc.constantFrom('', '"', ',', ':', '[', ']', '{', '}', ' ', '1'), async (at, put) => {
      await sameAsParse(text.slice(0, at) + put + text.slice(at + 1))
    }),
    { numRuns: 30 }
  )
})

test.each([
  ['[', 200_000, /nests more than 100 deep/],
  ['{"a":', 200_000, /nests more than 100 deep/],
  ['[],', 6_000_000, /more than 5000000 lists and objects/]
])('%s many times is refused before it is parsed', async (part, times, message) => {
  const bytes = Buffer.alloc(part.length * times + 1, part)
  bytes[0] = 0x5b
  const error: unknown = await parseJsonBytes(bytes, 'f.json').catch((refused: unknown) => refused)
  expect(error).toBeInstanceOf(WorkbenchError)
  expect(String(error)).toMatch(message)
})

test('others have their turn while long JSON is read', async () => {
  const text = JSON.stringify(Array.from({ length: 300_000 }, (_, i) => ({ name: `entry ${i}`, list: [i, i] })))
  let turns = 0
  const timer = setInterval(() => (turns += 1), 1)
  await read(text)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(1)
})

test('reading JSON in pieces ends when it is cancelled', async () => {
  const bytes = Buffer.from(JSON.stringify(Array.from({ length: 60_000 }, (_, i) => i / 7)))
  await expect(parseJsonBytes(bytes, 'f.json', AbortSignal.abort())).rejects.toThrow('was cancelled')
})
