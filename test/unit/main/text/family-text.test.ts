import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { readFileSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RENDERING, type Rendering } from '../../../../src/contract/documents/crc'
import { openPair } from '../../../../src/main/checkpoint/pair'
import { compareCrcTokens } from '../../../../src/main/crc/task/compare-tokens'
import { type RenderedPrompts, renderPrompts } from '../../../../src/main/crc/task/render-prompts'
import { resourcePath } from '../../../../src/main/base/resources'
import { loadTextModel, type LocalTextModel } from '../../../../src/main/text/text-model'
import {
  type Definition,
  gemmaTokenizer,
  llama2Tokenizer,
  llama3Tokenizer,
  mistralTokenizer,
  phi3Tokenizer,
  qwenTokenizer,
  smolLm2Tokenizer,
  tokenIds,
  withMergePairs
} from '../../../fixtures/family-tokenizers'
import { textFolder } from '../../../fixtures/text-folder'

/** A chat template in the form that a family publishes. */
const template = (family: string): string =>
  readFileSync(join(import.meta.dirname, '../../../fixtures/chat-templates', `${family}.jinja`), 'utf8')

async function textModel(tokenizer: object, config: object = {}, chatTemplate?: string): Promise<LocalTextModel> {
  return loadTextModel(
    await textFolder({
      'tokenizer.json': tokenizer,
      'tokenizer_config.json': config,
      ...(chatTemplate === undefined ? {} : { 'chat_template.jinja': chatTemplate })
    })
  )
}

/** Renders "Say A" with "A" and "7" as the valid answers. */
async function render(text: LocalTextModel, change: Partial<Rendering> = {}): Promise<RenderedPrompts> {
  const prompt = { text: 'Say A', category: 'mixed', valid: ['A', '7'] }
  return renderPrompts([prompt], { ...DEFAULT_RENDERING, ...change }, text)
}

/** With leading white space "▁A" counts for the answer "A" too; always "A" and its byte do. */
async function expectSpacesApart(text: LocalTextModel, tokenizer: Definition): Promise<void> {
  const [a, spaceA] = [tokenIds(tokenizer, ['<0x41>', 'A']), tokenIds(tokenizer, ['▁A'])]
  const [seven, space7] = [tokenIds(tokenizer, ['<0x37>', '7']), tokenIds(tokenizer, ['▁7'])]
  const groups = async (countLeadingSpace: boolean) => (await render(text, { countLeadingSpace })).groups
  expect(await groups(false)).toEqual([[a, seven]])
  expect(await groups(true)).toEqual([
    [
      [...a, ...spaceA],
      [...seven, ...space7]
    ]
  ])
}

/** Returns the input of the model: the text, and its tokens by their spellings in the file. Single characters are joined. */
function seen({ prompts }: RenderedPrompts, tokenizer: Definition): { rendered: string; tokens: string[] } {
  const spellings = new Map(Object.entries(tokenizer.model.vocab).map(([spelling, id]) => [id, spelling]))
  for (const { id, content } of tokenizer.added_tokens) spellings.set(id, content)
  const tokens: string[] = []
  let run = false
  for (const id of prompts[0]?.tokens ?? []) {
    const spelling = spellings.get(id) ?? `?${id}`
    const single = [...spelling].length === 1
    if (single && run) tokens.push((tokens.pop() ?? '') + spelling)
    else tokens.push(spelling)
    run = single
  }
  return { rendered: prompts[0]?.rendered ?? '', tokens }
}

describe('Llama 3', () => {
  const tokenizer = llama3Tokenizer()
  const config = { bos_token: '<|begin_of_text|>', eos_token: '<|eot_id|>' }

  test('gets its template’s BOS once and the fixed date', async () => {
    const text = await textModel(tokenizer, config, template('llama3'))
    expect(seen(await render(text, { date: '2024-07-26' }), tokenizer)).toEqual({
      rendered:
        '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday: 26 Jul 2024\n<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nSay A<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
      tokens: [
        ...['<|begin_of_text|>', '<|start_header_id|>', 'system', '<|end_header_id|>', 'ĊĊ'],
        ...['Today:Ġ26ĠJulĠ2024Ċ', '<|eot_id|>', '<|start_header_id|>', 'user', '<|end_header_id|>', 'ĊĊ'],
        ...['Say', 'ĠA', '<|eot_id|>', '<|start_header_id|>', 'assistant', '<|end_header_id|>', 'ĊĊ']
      ]
    })
  })

  test('gives the same date to a template that uses the time', async () => {
    const text = await textModel(tokenizer, config, template('llama3').replaceAll('date_string', 'today'))
    expect((await render(text, { date: '2024-07-26' })).prompts[0]?.rendered).toContain(
      'Today: 26 Jul 2024\n<|eot_id|>'
    )
  })

  test('puts the system turn into its own, and a date given as template argument before the fixed one', async () => {
    const text = await textModel(tokenizer, config, template('llama3'))
    const { prompts } = await render(text, {
      systemPrompt: ' Be brief ',
      templateArguments: { date_string: 'May' }
    })
    expect(prompts[0]?.rendered).toContain('Today: May\nBe brief<|eot_id|><|start_header_id|>user')
  })

  test('gets its tokenizer’s BOS before plain text, with a notice', async () => {
    const rendered = await render(await textModel(tokenizer, config), { assistantPrefix: '\nAnswer: ' })
    expect(seen(rendered, tokenizer).tokens).toEqual(['<|begin_of_text|>', 'Say', 'ĠA', 'ĊAnswer:Ġ'])
    expect(rendered.notices).toEqual([expect.stringContaining('no chat template')])
  })

  test('keeps whole words that no merge leads to, and pairs of digits', async () => {
    const text = await textModel(tokenizer, config)
    expect(text.encode('AB 12')).toEqual(tokenIds(tokenizer, ['AB', 'Ġ', '12']))
    const withoutWholeWords = { ...tokenizer, model: { ...tokenizer.model, ignore_merges: false } }
    expect((await textModel(withoutWholeWords)).encode('AB')).toEqual(tokenIds(tokenizer, ['A', 'B']))
  })
})

describe('Qwen', () => {
  const tokenizer = qwenTokenizer()
  const config = { add_bos_token: false, bos_token: null, eos_token: '<|im_end|>' }

  test('with thinking off gets an empty thought, and no BOS', async () => {
    const text = await textModel(withMergePairs(tokenizer), config, template('qwen3'))
    expect(seen(await render(text, { templateArguments: { enable_thinking: false } }), tokenizer)).toEqual({
      rendered: '<|im_start|>user\nSay A<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n',
      tokens: [
        ...['<|im_start|>', 'userĊSay', 'ĠA', '<|im_end|>', 'Ċ', '<|im_start|>', 'assistantĊ'],
        ...['<think>', 'ĊĊ', '</think>', 'ĊĊ']
      ]
    })
    expect((await render(text)).prompts[0]?.rendered).toMatch(/assistant\n$/)
    expect(await render(text, { templateArguments: { enable_thinking: true } })).toEqual(await render(text))
  })

  test('without a template is given plain text and nothing before it', async () => {
    expect(seen(await render(await textModel(tokenizer, config)), tokenizer).tokens).toEqual(['Say', 'ĠA'])
  })

  test('has its merges in either form, and composes characters', async () => {
    for (const file of [tokenizer, withMergePairs(tokenizer)]) {
      const text = await textModel(file)
      expect(text.encode(' A12')).toEqual(tokenIds(tokenizer, ['ĠA', '1', '2']))
      expect(text.encode('e\u0301')).toEqual([...Buffer.from('é')])
    }
  })

  test('counts the one token that is the character, unless leading white space is to count', async () => {
    const text = await textModel(tokenizer, config, template('qwen3'))
    expect((await render(text)).groups).toEqual([[[65], [55]]])
    const [spaceA] = tokenIds(tokenizer, ['ĠA'])
    expect((await render(text, { countLeadingSpace: true })).groups).toEqual([[[65, spaceA], [55]]])
  })
})

describe('SmolLM2', () => {
  const tokenizer = smolLm2Tokenizer()

  test('has the system turn of its template unless another is given', async () => {
    const text = await textModel(tokenizer, { bos_token: '<|im_start|>' }, template('smollm2'))
    const user = '<|im_start|>user\nSay A<|im_end|>\n<|im_start|>assistant\n'
    expect((await render(text)).prompts[0]?.rendered).toBe(`<|im_start|>system\nBe kind<|im_end|>\n${user}`)
    expect((await render(text, { systemPrompt: 'Be brief' })).prompts[0]?.rendered).toBe(
      `<|im_start|>system\nBe brief<|im_end|>\n${user}`
    )
  })

  test('reads digits one by one, those of other scripts too', async () => {
    const text = await textModel(tokenizer)
    expect(text.encode('12 A')).toEqual(tokenIds(tokenizer, ['1', '2', 'ĠA']))
    // There is a token for "²²", which no text reaches.
    expect(text.encode('²²')).toEqual(tokenIds(tokenizer, ['Â²', 'Â²']))
  })
})

test('OLMo 2 begins with its end-of-text token as BOS, before markers that are plain text', async () => {
  const tokenizer = qwenTokenizer()
  const text = await textModel(tokenizer, { bos_token: '<|endoftext|>' }, template('olmo2'))
  expect(seen(await render(text), tokenizer)).toEqual({
    rendered: '<|endoftext|><|user|>\nSay A\n<|assistant|>\n',
    tokens: ['<|endoftext|>', '<|user|>ĊSay', 'ĠA', 'Ċ<|assistant|>Ċ']
  })
})

describe('Gemma', () => {
  const tokenizer = gemmaTokenizer()
  const config = { bos_token: '<bos>', add_bos_token: true, add_eos_token: false }

  test.each(['gemma2', 'gemma3'])('%s has BOS once, though config and post-processor both add it', async (family) => {
    expect(seen(await render(await textModel(tokenizer, config, template(family))), tokenizer)).toEqual({
      rendered: '<bos><start_of_turn>user\nSay A<end_of_turn>\n<start_of_turn>model\n',
      tokens: [...['<bos>', '<start_of_turn>', 'user\nSay', '▁A', '<end_of_turn>', '\n', '<start_of_turn>', 'model\n']]
    })
  })

  test('2 refuses a system turn in its own words, and 3 puts it into the first user turn', async () => {
    const system = { systemPrompt: 'Be brief' }
    const gemma2 = await textModel(tokenizer, config, template('gemma2'))
    await expect(render(gemma2, system)).rejects.toThrow(/refuses these messages: "System role not supported"/)
    const { prompts, notices } = await render(await textModel(tokenizer, config, template('gemma3')), system)
    expect(prompts[0]?.rendered).toBe(
      '<bos><start_of_turn>user\nBe brief\n\nSay A<end_of_turn>\n<start_of_turn>model\n'
    )
    expect(notices).toEqual([])
  })

  test('puts no space before plain text', async () => {
    const plain = seen(await render(await textModel(tokenizer, config)), tokenizer)
    expect(plain.tokens).toEqual(['<bos>', 'Say', '▁A'])
  })

  test('keeps a space at the start of an answer apart from the character', async () => {
    const text = await textModel(tokenizer, config, template('gemma2'))
    await expectSpacesApart(text, tokenizer)
  })
})

describe('Mistral', () => {
  const config = { bos_token: '<s>', eos_token: '</s>', add_bos_token: true }
  const rendered = '<s>[INST] Say A [/INST]'

  const plain = ['<s>', '[INST]▁Say', '▁A', '▁[/INST]']
  test.each([
    // After <s> the text is no longer the first piece.
    ['first', plain, ['<s>', '▁Say', '▁A']],
    ['always', ['<s>', '▁[INST]▁Say', '▁A', '▁[/INST]'], ['<s>', '▁Say', '▁A']],
    ['never', plain, ['<s>', 'Say', '▁A']]
  ] as const)('with prepend_scheme "%s", its markers tokens or text, or no template', async (scheme, text, bare) => {
    const shown = async (tokenizer: Definition, chatTemplate?: string) =>
      seen(await render(await textModel(tokenizer, config, chatTemplate)), tokenizer)
    const tokens = ['<s>', '[INST]', '▁Say', '▁A', '▁', '[/INST]']
    expect(await shown(mistralTokenizer(scheme, ['[INST]', '[/INST]']), template('mistral'))).toEqual({
      rendered,
      tokens
    })
    expect(await shown(mistralTokenizer(scheme), template('mistral'))).toEqual({ rendered, tokens: text })
    expect((await shown(mistralTokenizer(scheme))).tokens).toEqual(bare)
  })

  test('counts "A" and its byte for the answer "A", and "▁A" only with leading white space', async () => {
    const tokenizer = mistralTokenizer('first', ['[INST]', '[/INST]'])
    const text = await textModel(tokenizer, config, template('mistral'))
    await expectSpacesApart(text, tokenizer)
  })
})

test('Llama 2 puts "▁" before the text after every added token', async () => {
  const tokenizer = llama2Tokenizer()
  const config = { bos_token: '<s>', eos_token: '</s>', add_bos_token: true, add_eos_token: false }
  const chat = seen(await render(await textModel(tokenizer, config, template('mistral'))), tokenizer)
  expect(chat.tokens).toEqual(['<s>', '▁[INST]▁Say', '▁A', '▁[/INST]'])
  const plain = seen(await render(await textModel(tokenizer, config)), tokenizer)
  expect(plain.tokens).toEqual(['<s>', '▁Say', '▁A'])
})

// Blocks of its template are on lines of their own: neither line breaks nor indentation are text.
test('Phi-3 has markers that swallow the white space after them, and no BOS', async () => {
  const tokenizer = phi3Tokenizer()
  const config = { bos_token: '<s>', eos_token: '<|end|>', add_bos_token: false }
  const chat = await render(await textModel(tokenizer, config, template('phi3')), { systemPrompt: 'Hm' })
  expect(seen(chat, tokenizer)).toEqual({
    rendered: '<|system|>\nHm<|end|>\n\n<|user|>\nSay A<|end|>\n\n<|assistant|>\n\n',
    tokens: ['<|system|>', '▁Hm', '<|end|>', '<|user|>', '▁Say', '▁A', '<|end|>', '<|assistant|>']
  })
})

describe('base as a whole model', () => {
  const POST = resourcePath('blend-pair', 'post')

  /** The demo's base with one of its files changed (to null: removed), against the demo's post. */
  async function compared(file: string, change: (content: string) => string | null): Promise<string | null> {
    const folder = await textFolder({})
    await cp(resourcePath('blend-pair', 'base'), folder, { recursive: true })
    const content = change(await readFile(join(folder, file), 'utf8'))
    await (content === null ? rm(join(folder, file)) : writeFile(join(folder, file), content))
    const { base, post } = await openPair(folder, POST)
    const text = await loadTextModel(POST)
    return (await compareCrcTokens({ member: base, name: 'base' }, post, text, await render(text), false)).unavailable
  }

  test('needs no chat template', async () => {
    const removed = await compared('tokenizer_config.json', () => null)
    expect(removed).toBeNull()
  })

  test("is left out when its tokenizer lacks a marker of post's template, which the reason names", async () => {
    const reason = await compared('tokenizer.json', (json) => json.replaceAll('<|user|>', '<|person|>'))
    expect(reason).toBe(
      'Base cannot be compared as a whole model: Prompt 1 ("Say A") becomes other tokens under base\'s own tokenizer, ' +
        'which does not have post\'s added token 3, "<|user|>".'
    )
  })
})

describe('special tokens before plain text', () => {
  const tokenizer = llama2Tokenizer()
  const without = { ...tokenizer, post_processor: null }
  const plainTokens = async (file: object, config: object, prompt = 'Say A'): Promise<number[]> =>
    (await textModel(file, config)).encode(prompt, true)
  const text = tokenIds(tokenizer, ['▁', 'S', 'a', 'y', '▁A'])
  const bos = { bos_token: '<s>', eos_token: '</s>' }

  test.each([
    ['post-processor and config ask for it', tokenizer, { ...bos, add_bos_token: true }, [1, ...text]],
    ['the config alone asks for it', without, { ...bos, add_bos_token: true }, [1, ...text]],
    ['the config says nothing', tokenizer, bos, [1, ...text]],
    ['there is no config', tokenizer, {}, [1, ...text]],
    ['the config refuses it', tokenizer, { ...bos, add_bos_token: false }, text],
    ['nobody asks for it', without, bos, text]
  ])('are as they should when %s', async (_, file, config, tokens) => {
    expect(await plainTokens(file, config)).toEqual(tokens)
  })

  test('are not doubled when the prompt itself begins with BOS', async () => {
    const config = { ...bos, add_bos_token: true }
    for (const file of [tokenizer, without]) {
      expect(await plainTokens(file, config, '<s>Say A')).toEqual([1, ...text])
    }
  })

  test('are never followed by EOS at the end, which would end the answer before it begins', async () => {
    const asked = { ...bos, add_bos_token: true, add_eos_token: true }
    expect(await plainTokens(tokenizer, asked)).toEqual([1, ...text])
    const single = [
      { SpecialToken: { id: '<s>', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '</s>', type_id: 0 } }
    ]
    const processor = { type: 'TemplateProcessing', single, pair: single, special_tokens: {} }
    expect(await plainTokens({ ...tokenizer, post_processor: processor }, {})).toEqual([1, ...text])
    expect(await plainTokens({ ...tokenizer, post_processor: processor }, {}, '')).toEqual([1])
  })

  test('with a missing file is an error that names both files', async () => {
    const missing = plainTokens(tokenizer, { add_bos_token: true })
    await expect(missing).rejects.toThrow(/tokenizer_config\.json: add_bos_token .* bos_token is missing/)
    const unknown = plainTokens(tokenizer, { add_bos_token: true, bos_token: '<go>' })
    await expect(unknown).rejects.toThrow(/bos_token is "<go>", which .*tokenizer\.json does not have/)
  })
})

describe('special tokens named beside tokenizer.json', () => {
  const tokenizer = qwenTokenizer()

  test('in special_tokens_map.json reach the template, but not what the config denies', async () => {
    const folder = (config: object): Promise<string> =>
      textFolder({
        'tokenizer.json': tokenizer,
        'tokenizer_config.json': { ...config, chat_template: '[{{ bos_token }}]' },
        'special_tokens_map.json': { bos_token: { content: '<|endoftext|>' } }
      })
    expect((await render(await loadTextModel(await folder({})))).prompts[0]?.rendered).toBe('[<|endoftext|>]')
    const denied = await loadTextModel(await folder({ bos_token: null }))
    expect((await render(denied)).prompts[0]?.rendered).toBe('[]')
  })

  test('are found in a text whole, and add no text to an answer', async () => {
    const config = {
      added_tokens_decoder: { 280: { content: '<turn>', special: true } },
      additional_special_tokens: ['ĠA']
    }
    const text = await textModel(tokenizer, config)
    expect(text.encode('x<turn>y')).toEqual([120, 280, 121])
    expect(text.decode([120, 280, 121])).toBe('xy')
    expect(text.decode([...tokenIds(tokenizer, ['ĠA']), 120])).toBe('x')
  })

  test('change no id that tokenizer.json gives', async () => {
    const [end] = tokenIds(tokenizer, ['<|im_end|>'])
    const text = await textModel(tokenizer, { added_tokens_decoder: { [end ?? 0]: { content: '<|stop|>' } } })
    expect(text.encode('<|im_end|>')).toEqual([end])
    expect(text.encode('<|stop|>')).toHaveLength(8)
  })

  test('may be named as a multimodal model does', async () => {
    const text = await textModel(
      tokenizer,
      { extra_special_tokens: { image_token: '<|im_start|>' } },
      '{{ image_token }}'
    )
    expect((await render(text)).prompts[0]?.rendered).toBe('<|im_start|>')
  })
})

describe('a tokenizer.json', () => {
  const tokenizer = qwenTokenizer()

  const Refused = z.strictObject({
    ...{ what: z.string(), message: z.string() },
    ...{ model: z.looseObject({}).optional(), changes: z.looseObject({}).optional() }
  })
  test.each(malformedCases('tokenizers', Refused))(
    'with $what is refused by name',
    async ({ model, changes, message }) => {
      await expect(
        textModel({ ...tokenizer, ...changes, model: { ...tokenizer.model, ...model } })
      ).rejects.toMatchObject({ problem: { code: 'bad-file', message: expect.stringMatching(message) } })
    }
  )

  test('may leave out the parts it does without', async () => {
    const { model, decoder } = tokenizer
    expect((await textModel({ model, decoder })).encode('ab')).toEqual([97, 98])
  })

  test('splits before its separator, after it, or around its runs', async () => {
    const split = async (behavior: string): Promise<number[]> => {
      const file = {
        ...llama2Tokenizer(),
        pre_tokenizer: { type: 'Split', pattern: { String: '▁' }, behavior, invert: false }
      }
      return (await textModel(file)).encode('a  A')
    }
    const sp = llama2Tokenizer()
    expect(await split('MergedWithNext')).toEqual(tokenIds(sp, ['▁', 'a', '▁', '▁A']))
    expect(await split('MergedWithPrevious')).toEqual(tokenIds(sp, ['▁', 'a', '▁', '▁', 'A']))
    expect(await split('Contiguous')).toEqual(tokenIds(sp, ['▁', 'a', '▁', '▁', 'A']))
  })

  test('takes runs of spaces apart where its Metaspace splits', async () => {
    const sp = llama2Tokenizer()
    const merged = {
      ...sp.model,
      vocab: { ...sp.model.vocab, '▁▁': 358 },
      merges: ['▁ ▁', ...sp.model.merges]
    }
    const encode = async (split: object): Promise<number[]> => {
      const pre_tokenizer = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', ...split }
      return (await textModel({ ...sp, normalizer: null, pre_tokenizer, model: merged })).encode('a   A')
    }
    const [a, space, spaceA] = tokenIds(sp, ['a', '▁', '▁A'])
    expect(await encode({ split: false })).toEqual([a, 358, spaceA])
    expect(await encode({ split: true })).toEqual([a, space, space, spaceA])
    expect(await encode({})).toEqual([a, space, space, spaceA])
  })

  test('reads half a surrogate pair as the replacement character', async () => {
    expect((await textModel(tokenizer)).encode('a\ud83d')).toEqual([...Buffer.from('a\ufffd')])
  })
})
