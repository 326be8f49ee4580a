import { describe, expect, test } from 'vitest'
import { loadTextModel } from '../../../../src/main/text/text-model'
import { Definition, tokenIds } from '../../../fixtures/family-tokenizers'
import { byteLevelTokenizer, sentencePieceTokenizer, textFolder, unigramTokenizer } from '../../../fixtures/text-folder'

/** Tokens of a text by their spellings in a tokenizer.json. What is expected was made by the Rust `tokenizers` 0.23.2. */
async function spellings(tokenizer: object, text: string, vocabulary: readonly string[]): Promise<string[]> {
  const model = await loadTextModel(await textFolder({ 'tokenizer.json': tokenizer }))
  return model.encode(text).map((id) => vocabulary[id] ?? `?${id}`)
}

const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)

/** A Unigram tokenizer of some pieces, with `byte_fallback: true`. */
function unigram(pieces: string[]): object {
  const plain = unigramTokenizer(pieces)
  if (!('model' in plain) || typeof plain.model !== 'object') throw new Error('no model')
  return { ...plain, model: { ...plain.model, byte_fallback: true } }
}

describe('Unigram with byte_fallback', () => {
  test('spells characters outside the vocabulary by their bytes', async () => {
    const pieces = [...BYTES, '▁', 'a', 'b', 'ab', '▁a', 'c']
    expect(await spellings(unigram(pieces), 'a日\nb é', ['<unk>', ...pieces])).toEqual([
      '▁a',
      '<0xE6>',
      '<0x97>',
      '<0xA5>',
      '<0x0A>',
      'b',
      '▁',
      '<0xC3>',
      '<0xA9>'
    ])
  })

  test('has one unknown token for neighbours of which one byte is not in the vocabulary', async () => {
    const pieces = [...BYTES.filter((byte) => byte !== '<0xC3>'), '▁', 'a']
    expect(await spellings(unigram(pieces), 'é日a日', ['<unk>', ...pieces])).toEqual([
      '▁',
      '<unk>',
      'a',
      '<0xE6>',
      '<0x97>',
      '<0xA5>'
    ])
  })
})

test('ByteFallback decodes a leading U+FEFF as that character', async () => {
  const model = await loadTextModel(await textFolder({ 'tokenizer.json': sentencePieceTokenizer(['▁', 'a']) }))
  const tokens = model.encode('\ufeffa')
  expect(tokens).toHaveLength(5)
  expect(await model.decodeAll([tokens, tokens.slice(1)])).toEqual(['\ufeffa', '\ufeffa'])
})

describe('ByteLevel with its own splitting', () => {
  const merged: [string, string][] = [
    ['ï', '»'],
    ['ï»', '¿'],
    ['Â', 'ħ'],
    ['Âħ', 'Âħ'],
    ['ï»¿', 'ï»¿']
  ]
  const tokenizer = Definition.parse(byteLevelTokenizer(merged))

  test.each([
    // U+0085 is white space, U+FEFF is not: in JavaScript it is the other way round.
    ['a\u0085\u0085b', ['a', 'Âħ', 'Âħ', 'b']],
    ['a\u0085\u0085', ['a', 'ÂħÂħ']],
    [' \ufeff\ufeffa', ['Ġ', 'ï»¿ï»¿', 'a']],
    ['a \u0085a', ['a', 'Ġ', 'Âħ', 'a']]
  ])('splits %j at Unicode white space', async (text, expected) => {
    const model = await loadTextModel(await textFolder({ 'tokenizer.json': tokenizer }))
    expect(model.encode(text)).toEqual(tokenIds(tokenizer, expected))
  })
})
