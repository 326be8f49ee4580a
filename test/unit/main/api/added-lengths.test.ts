import { expect, it } from 'vitest'
import { addedLengths } from '../../../../src/main/api/added-lengths'

/** Tokens that are single bytes of UTF-8. */
const decoded = (tokens: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(tokens))

const lengthsOf = (text: string): Promise<number[]> => {
  const tokens = [...Buffer.from(text)]
  const texts = tokens.map((token) => decoded([token]))
  return addedLengths(tokens, texts, async (sequences) => sequences.map(decoded))
}

it('counts a character that is split over several tokens once, for its last token', async () => {
  expect(await lengthsOf('a🙂éb')).toEqual([1, 0, 0, 0, 2, 0, 1, 1])
  expect(await lengthsOf('€')).toEqual([0, 0, 1])
})

it('counts long runs of split characters, and an incomplete one at the end', async () => {
  const long = '界🙂'.repeat(50)
  const lengths = await lengthsOf(long)
  expect(lengths.filter((length) => length > 0)).toEqual(Array.from('12'.repeat(50), Number))
  const cut = [...Buffer.from('aé')].slice(0, 2)
  const texts = cut.map((token) => decoded([token]))
  expect(await addedLengths(cut, texts, async (sequences) => sequences.map(decoded))).toEqual([1, 1])
})
