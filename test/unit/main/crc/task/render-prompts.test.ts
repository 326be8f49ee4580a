import { problemOf } from '../../../../fixtures/problems'
import { z } from 'zod'
import { malformedCases } from '../../../../fixtures/malformed'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { type CrcPrompt, DEFAULT_RENDERING, type Rendering } from '../../../../../src/contract/documents/crc'
import { builtinPrompts, builtinPromptSet, namedPrompts } from '../../../../../src/main/crc/task/builtin-prompts'
import { characterGroups } from '../../../../../src/main/crc/task/characters'
import { readPromptFile } from '../../../../../src/main/crc/task/prompt-file'
import { openPair } from '../../../../../src/main/checkpoint/pair'
import { compareCrcTokens } from '../../../../../src/main/crc/task/compare-tokens'
import { type RenderedPrompts, renderPrompts } from '../../../../../src/main/crc/task/render-prompts'
import { recentTextModel } from '../../../../../src/main/text/recent-text-models'
import { resourcePath } from '../../../../../src/main/base/resources'
import { loadTextModel, type LocalTextModel } from '../../../../../src/main/text/text-model'
import { crcReference } from '../../../../fixtures/crc-reference'
import {
  byteLevelTokenizer,
  sentencePieceTokenizer,
  textFolder,
  unigramTokenizer
} from '../../../../fixtures/text-folder'

async function textModel(tokenizer: object): Promise<LocalTextModel> {
  return loadTextModel(await textFolder({ 'tokenizer.json': tokenizer }))
}

describe('tokens that add exactly one character', () => {
  // Ids below 256 are the bytes; then " A", "AB", "é" (its two bytes merged), "  " and "  A".
  const byteLevel = textModel(
    byteLevelTokenizer([
      ['Ġ', 'A'],
      ['A', 'B'],
      ['Ã', '©'],
      ['Ġ', 'Ġ'],
      ['ĠĠ', 'A']
    ])
  )
  const context = [...Buffer.from('say:')]

  test('are only those of a byte-level vocabulary that decode to it', async () => {
    const { groups, unreachable } = await characterGroups(await byteLevel, context, ['A', 'B', 'é', 'ü'], false)
    expect(groups).toEqual([[65], [66], [258], []])
    expect(unreachable).toEqual(['ü'])
  })

  test('may begin with white space on request', async () => {
    const text = await byteLevel
    expect((await characterGroups(text, context, ['A', 'B'], true)).groups).toEqual([[65, 256, 260], [66]])
    expect((await characterGroups(text, context, [' ', 'A'], false)).groups).toEqual([[32], [65]])
    expect((await characterGroups(text, context, [' ', 'A'], true)).groups).toEqual([
      [32, 259],
      [65, 256, 260]
    ])
  })

  test('complete no half-written character of the context', async () => {
    // After the first byte of "é", its second byte changes the text before it, and adds nothing of its own.
    const text = await textModel(byteLevelTokenizer())
    const { unreachable } = await characterGroups(text, [...context, 0xc3], ['é', '\ufffd', 'A'], false)
    expect(unreachable).toEqual(['é', '\ufffd'])
  })

  test('include the byte token of a SentencePiece vocabulary', async () => {
    const text = await textModel(sentencePieceTokenizer(['▁', 'A', '▁A', 'é', 'AA']))
    const context = [259, 260]
    expect(text.decode(context)).toBe('A')
    const { groups } = await characterGroups(text, context, ['A', 'é', 'B', 'ü'], false)
    expect(groups).toEqual([[3 + 65, 260], [262], [3 + 66], []])
    expect((await characterGroups(text, context, ['A', 'B'], true)).groups[0]).toEqual([3 + 65, 260, 261])
  })

  test('lose their leading space at the start of a text', async () => {
    // A context of special tokens alone decodes to nothing, and the decoder drops the first space of a text.
    const spaced = { ids: { A: 260, spaceA: 261 } }
    const bpe = await textModel(sentencePieceTokenizer(['▁', 'A', '▁A']))
    expect((await characterGroups(bpe, [1], ['A', 'B'], false)).groups[0]).toEqual([
      3 + 65,
      spaced.ids.A,
      spaced.ids.spaceA
    ])
    expect((await characterGroups(bpe, [1, 260], ['A', 'B'], false)).groups[0]).toEqual([3 + 65, spaced.ids.A])

    const unigram = await textModel(unigramTokenizer(['▁', 'A', '▁A', 'B']))
    expect((await characterGroups(unigram, [4], ['A', 'B'], false)).groups).toEqual([[2], [4]])
    expect((await characterGroups(unigram, [4], ['A', 'B'], true)).groups).toEqual([[2, 3], [4]])
  })

  test('are never special tokens', async () => {
    const text = await textModel(byteLevelTokenizer([], ['é']))
    expect((await characterGroups(text, context, ['A', 'é'], false)).groups).toEqual([[65], []])
  })
})

describe('prompt sets', () => {
  test("rendered for the demo pair are the reference's tokens, each character one token", async () => {
    const prompts = await builtinPromptSet('demo-crc')
    expect(prompts).toEqual(crcReference.prompts.map(({ text, category, valid }) => ({ text, category, valid })))

    const text = await loadTextModel(resourcePath('blend-pair', 'post'))
    const rendered = await renderPrompts(prompts, DEFAULT_RENDERING, text)
    expect(rendered.prompts.map((prompt) => prompt.tokens)).toEqual(
      crcReference.prompts.map((prompt) => prompt.token_ids)
    )
    expect(rendered.groups.flat().every((group) => group.length === 1)).toBe(true)
    expect(rendered.notices).toEqual([])
    expect(rendered.prompts[0]?.rendered).toBe(
      '<|bos|><|user|>\nGive me one random uppercase letter.<|end|>\n<|assistant|>\n'
    )
  })

  test('asked for again are not rendered again, nor compared again under a tokenizer that agreed', async () => {
    const { base, post } = await openPair(resourcePath('blend-pair', 'base'), resourcePath('blend-pair', 'post'))
    const [text, ownText] = await Promise.all([
      recentTextModel(post.checkpoint.path),
      recentTextModel(base.checkpoint.path)
    ])
    const ask = async (rendering: Partial<Rendering>): Promise<RenderedPrompts> => {
      const prompts = (await builtinPromptSet('demo-crc')).slice(0, 2)
      const rendered = await renderPrompts(prompts, { ...DEFAULT_RENDERING, ...rendering }, text)
      const compared = await compareCrcTokens({ member: base, name: 'base' }, post, text, rendered, false)
      expect(compared.unavailable).toBeNull()
      return rendered
    }
    const first = await ask({})
    const decodes = [vi.spyOn(text, 'decodeBehind'), vi.spyOn(ownText, 'decodeBehind')]
    expect(await ask({})).toBe(first)
    for (const decode of decodes) expect(decode).not.toHaveBeenCalled()
    const other = await ask({ assistantPrefix: 'Sure: ' })
    expect(other.prompts[0]?.rendered).toBe(`${first.prompts[0]?.rendered ?? ''}Sure: `)
    for (const decode of decodes) expect(decode).toHaveBeenCalled()
    vi.restoreAllMocks()
  })

  test('that ship with the program have 20 prompts of each category, all different', async () => {
    const sets = await builtinPrompts()
    const bare = ['letter', 'digit']
    const choices = ['integer', 'move']
    expect(sets.map(({ id, prompts }) => [id, [...new Set(prompts.map(({ category }) => category))]])).toEqual([
      ['demo-crc', bare],
      ['crc', bare],
      ['crc-choices', choices],
      ['crc-four', [...bare, ...choices]]
    ])
    for (const { prompts } of sets) {
      for (const category of new Set(prompts.map((prompt) => prompt.category))) {
        expect(prompts.filter((prompt) => prompt.category === category)).toHaveLength(20)
      }
      expect(new Set(prompts.map((prompt) => prompt.text)).size).toBe(prompts.length)
    }
  })

  test('are a built-in set where they are called so, and else a file', async () => {
    expect(await namedPrompts('crc-choices')).toEqual(await builtinPromptSet('crc-choices'))
    await expect(namedPrompts('./crc-choices')).rejects.toThrow('There is no file')
  })

  test('with a partly reachable valid set say so, once for all prompts', async () => {
    const text = await textModel(byteLevelTokenizer())
    const prompt: CrcPrompt = { text: 'Pick one.', category: 'letter', valid: ['A', 'é', 'ü'] }
    const rendered = await renderPrompts([prompt, { ...prompt, text: 'Or one.' }], DEFAULT_RENDERING, text)
    expect(rendered.prompts.map((each) => each.unreachable)).toEqual([
      ['é', 'ü'],
      ['é', 'ü']
    ])
    expect(rendered.notices).toEqual([
      expect.stringContaining('no chat template'),
      expect.stringContaining('No single token adds é, ü (prompts 1, 2)')
    ])
  })

  test('with a valid set of no single-token character are refused by name', async () => {
    const text = await textModel(byteLevelTokenizer())
    const prompts: CrcPrompt[] = [{ text: 'Wähle.', category: 'letter', valid: ['é', 'ü'] }]
    await expect(renderPrompts(prompts, DEFAULT_RENDERING, text)).rejects.toThrow(/Prompt 1 \("Wähle\."\).*é, ü/)
  })
})

describe('a prompt file', () => {
  const Malformed = z.strictObject({
    what: z.string(),
    content: z.string(),
    code: z.string(),
    message: z.string()
  })
  test.each(malformedCases('prompt-files', Malformed))(
    'that $what is refused with its name',
    async ({ content, code, message }) => {
      const file = join(await textFolder({ 'prompts.json': content }), 'prompts.json')
      const problem = await problemOf(readPromptFile(file))
      expect(problem).toMatchObject({ code, message: expect.stringMatching(message) })
      expect(problem.message).toContain(file)
    }
  )

  test('that is missing is named', async () => {
    await expect(readPromptFile('/nowhere/prompts.json')).rejects.toThrow('There is no file /nowhere/prompts.json')
  })
})
