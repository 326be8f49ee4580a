import { expect, it } from 'vitest'
import { resourcePath } from '../../../../../src/main/base/resources'
import { stopTextIn } from '../../../../../src/main/engine/generate/stop-text'
import { loadTextModel } from '../../../../../src/main/text/text-model'

// As llama-server 0.5.0 and other servers end it, wherever tokens begin.
it.each([
  { answer: 'Five. And so on', stops: ['And'], kept: 'Five. ' },
  { answer: 'Plumber.', stops: ['x', 'er', 'e'], kept: 'Plumb' },
  { answer: 'Once upon a time', stops: ['pon', 'e'], kept: 'Onc' },
  { answer: 'Edge', stops: ['Ed'], kept: '' },
  { answer: 'Red.', stops: ['\n'], kept: null }
])('an answer $answer ends right before $stops', async ({ answer, stops, kept }) => {
  const text = await loadTextModel(resourcePath('blend-pair', 'post'))
  const tokens = stopTextIn(text, stops)(text.encode(answer))
  expect(tokens === null ? null : text.decode(tokens)).toBe(kept)
})

it('keeps the tokens of an answer where a stop text begins with a token', async () => {
  const text = await loadTextModel(resourcePath('blend-pair', 'post'))
  // As drawn, which is not how the tokenizer would have it.
  const drawn = [...'Blue'].flatMap((letter) => text.encode(letter))
  expect(text.encode('Blue')).not.toEqual(drawn)
  expect(stopTextIn(text, ['.'])([...drawn, ...text.encode('.')])).toEqual(drawn)
})
