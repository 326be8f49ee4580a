import { expect, it } from 'vitest'
import { TextStream } from '../../../../src/main/api/text-stream'

/** Tokens are bytes of UTF-8. */
const decode = async (tokens: readonly number[]): Promise<string> => Buffer.from(tokens).toString()

async function piecesOf(text: string, stopTexts: string[]): Promise<string[]> {
  const stream = new TextStream(decode, stopTexts)
  const pieces: string[] = []
  for (const byte of Buffer.from(text)) pieces.push(await stream.add([byte]))
  const stop = Math.min(...stopTexts.map((each) => text.indexOf(each)).filter((start) => start !== -1), text.length)
  return [...pieces, stream.end(text.slice(0, stop))].filter((piece) => piece !== '')
}

it('sends only whole characters', async () => {
  expect(await piecesOf('aé€𝄞b', [])).toEqual(['a', 'é', '€', '𝄞', 'b'])
})

it('holds back what may begin a stop text, and sends nothing of the stop text', async () => {
  expect(await piecesOf('one, two ENOUGH', ['END'])).toEqual([...'one, two ', 'ENO', ...'UGH'])
  expect(await piecesOf('one END two', ['END', 'X'])).toEqual([...'one '])
  expect(await piecesOf('one EN', ['END'])).toEqual([...'one ', 'EN'])
})
