import JINJA_TEMPLATES from '../../../fixtures/jinja-templates.json'
import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RENDERING } from '../../../../src/contract/documents/crc'
import { resourcePath } from '../../../../src/main/base/resources'
import { strftime } from '../../../../src/main/sandbox/render-template'
import { promptMessages, renderChat } from '../../../../src/main/text/chat'
import { recentTextModel } from '../../../../src/main/text/recent-text-models'
import { encodeOne, loadTextModel } from '../../../../src/main/text/text-model'
import { withTimeLimit } from '../../../../src/main/base/time-limit'
import { byteLevelTokenizer, textFolder, withLeadingToken } from '../../../fixtures/text-folder'
import { tightSandbox } from '../../../fixtures/tight-sandbox'

const BOS = '<s>'
const BOS_ID = 256
const TOKENIZER = byteLevelTokenizer([], [BOS])
const ECHO = "{% for message in messages %}[{{ message['role'] }}]{{ message['content'] }}{% endfor %}"

/** Loads a folder whose chat template is `template` and renders one prompt with it. */
async function renderWith(
  template: string,
  change: Partial<typeof DEFAULT_RENDERING> = {},
  config: object = {}
): Promise<{ rendered: string; tokens: number[]; notices: string[] }> {
  const folder = await textFolder({
    'tokenizer.json': TOKENIZER,
    'tokenizer_config.json': { bos_token: BOS, ...config, chat_template: template }
  })
  const rendering = { ...DEFAULT_RENDERING, ...change }
  return renderChat(await loadTextModel(folder), promptMessages('Hi', rendering.systemPrompt), rendering)
}

describe('tokenizer', () => {
  test('is read with a vocabulary as large as the largest published ones', async () => {
    const count = 262_144
    const merges = Array.from({ length: count - BOS_ID }, (_, i): [string, string] => [`a${i}`, 'b'])
    const text = await loadTextModel(await textFolder({ 'tokenizer.json': byteLevelTokenizer(merges, [BOS]) }))
    expect(text.textTokens).toHaveLength(count)
    expect(text.addedTokens.get(count)).toBe(BOS)
    expect(text.encode('ab')).toEqual([...Buffer.from('ab')])
  })

  test("encodes and decodes with the demo pair's tokenizer", async () => {
    const text = await loadTextModel(resourcePath('blend-pair', 'post'))
    const tokens = text.encode('<|bos|>Name a colour, naïvely.')
    expect(tokens[0]).toBe(0)
    expect(text.decode(tokens)).toBe('Name a colour, naïvely.')
    expect(text.decode([])).toBe('')
    expect(text.hasChatTemplate).toBe(true)
    expect(text.textTokens.length).toBe(2048 - 6)
  })

  test('keeps the white space of a decoded text and leaves out ids that are no tokens', async () => {
    const text = await loadTextModel(await textFolder({ 'tokenizer.json': TOKENIZER }))
    expect(text.decode([32, 65, 32, 46, 5000])).toBe(' A .')
  })

  test('names tokenizer.json when there is none', async () => {
    await expect(loadTextModel(await textFolder({}))).rejects.toMatchObject({
      problem: { code: 'not-found', message: expect.stringContaining('tokenizer.json') }
    })
  })

  test.each([
    ['is not JSON', '{"model"', 'is not JSON'],
    ['is nothing but brackets', '['.repeat(1_000_000), 'nests more than 100 deep'],
    ['has no model', '{}', 'model'],
    [
      'has an id that would fill the memory',
      { ...TOKENIZER, added_tokens: [{ id: 4e9, content: 'x' }] },
      'added_tokens.0.id'
    ],
    ['has an unknown decoder', { ...TOKENIZER, decoder: { type: 'Oracle' } }, 'Oracle']
  ])('refuses a tokenizer.json that %s', async (_, content, message) => {
    const folder = await textFolder({ 'tokenizer.json': content })
    const problem = { code: 'bad-file', message: expect.stringContaining(message) }
    await expect(loadTextModel(folder)).rejects.toMatchObject({ problem })
    await expect(loadTextModel(folder)).rejects.toThrow(join(folder, 'tokenizer.json'))
  })

  test('may have tokens that are nothing but brackets', async () => {
    const brackets = `${'['.repeat(200)}"{\\"{`
    const text = await loadTextModel(await textFolder({ 'tokenizer.json': byteLevelTokenizer([], [brackets]) }))
    expect(text.encode(`${brackets}A`)).toEqual([256, 65])
  })

  test('names a tokenizer.json that fails only when it is used', async () => {
    const postProcessor = { type: 'TemplateProcessing', single: null, pair: null }
    const folder = await textFolder({ 'tokenizer.json': { ...TOKENIZER, post_processor: postProcessor } })
    const text = await loadTextModel(folder)
    expect(() => text.encode('Hi')).toThrow(`${join(folder, 'tokenizer.json')} cannot be used`)
  })

  test('refuses a tokenizer.json beyond any published size without reading it', async () => {
    const folder = await textFolder({ 'tokenizer.json': '' })
    const file = await open(join(folder, 'tokenizer.json'), 'w')
    await file.truncate(300_000_000)
    await file.close()
    await expect(loadTextModel(folder)).rejects.toThrow(/it has 300 MB, more than the 64\.0 MB that are read/)
  })
})

describe('chat template', () => {
  test('is rendered with a generation prompt and the special tokens, once', async () => {
    const folder = await textFolder({
      'tokenizer.json': withLeadingToken(TOKENIZER, BOS, BOS_ID),
      'tokenizer_config.json': {
        bos_token: { content: BOS, lstrip: false },
        chat_template: `{{ bos_token }}${ECHO}{% if add_generation_prompt %}>{% endif %}`
      }
    })
    const chat = await renderChat(await loadTextModel(folder), promptMessages('Hi', 'Be brief'), {
      ...DEFAULT_RENDERING,
      assistantPrefix: ' A: '
    })
    expect(chat.rendered).toBe('<s>[system]Be brief[user]Hi> A: ')
    expect(chat.tokens.slice(0, 3)).toEqual([BOS_ID, ...Buffer.from('[s')])
    expect(chat.tokens.filter((token) => token === BOS_ID)).toHaveLength(1)
    expect(chat.notices).toEqual([])
  })

  test('without one the messages become plain text with the special tokens of the tokenizer, and a notice', async () => {
    const folder = await textFolder({ 'tokenizer.json': withLeadingToken(TOKENIZER, BOS, BOS_ID) })
    const text = await loadTextModel(folder)
    const chat = await renderChat(text, promptMessages('Hi', 'Be brief'), DEFAULT_RENDERING)
    expect(chat.rendered).toBe('Be brief\n\nHi')
    expect(chat.tokens).toEqual([BOS_ID, ...Buffer.from('Be brief\n\nHi')])
    expect(chat.notices).toEqual([expect.stringContaining('no chat template')])
  })

  test('comes from chat_template.jinja, else tokenizer_config.json, else chat_template.json', async () => {
    const files = {
      'tokenizer.json': TOKENIZER,
      'chat_template.json': { chat_template: 'json' },
      'tokenizer_config.json': {
        chat_template: [
          { name: 'tool_use', template: 'tools' },
          { name: 'default', template: 'config' }
        ]
      },
      'chat_template.jinja': 'jinja'
    }
    const source = async (names: (keyof typeof files)[]): Promise<string | undefined> => {
      const folder = await textFolder(Object.fromEntries(names.map((name) => [name, files[name]])))
      return (await loadTextModel(folder)).chatTemplate?.source
    }
    const names = ['tokenizer.json', 'chat_template.json', 'tokenizer_config.json', 'chat_template.jinja'] as const
    const sources = await Promise.all([1, 2, 3, 4].map((count) => source(names.slice(0, count))))
    expect(sources).toEqual([undefined, 'json', 'config', 'jinja'])
  })

  test('is refused when several are named and none is the default', async () => {
    const folder = await textFolder({
      'tokenizer.json': TOKENIZER,
      'tokenizer_config.json': { chat_template: [{ name: 'tool_use', template: 'x' }] }
    })
    await expect(loadTextModel(folder)).rejects.toThrow(/"default", only tool_use/)
  })

  test('uses the fixed date for the time and for date_string', async () => {
    const template = '{{ strftime_now("%Y-%m-%d") }} {{ date_string }}'
    const { rendered } = await renderWith(template, { date: '2024-07-26' })
    expect(rendered).toBe('2024-07-26 26 Jul 2024')
  })

  test('may not format the date in a way that is not known to be right', async () => {
    await expect(renderWith('{{ strftime_now("%d %Q") }}')).rejects.toThrow(
      /chat_template\.jinja formats a date with "%Q"|tokenizer_config\.json formats a date with "%Q"/
    )
  })

  test('sees the template arguments, which may replace the date but not the messages', async () => {
    const template = '{{ enable_thinking }} {{ date_string }} {{ tools is none }}'
    const templateArguments = { enable_thinking: false, date_string: 'May' }
    expect((await renderWith(template, { templateArguments })).rendered).toBe('False May True')
    await expect(renderWith(template, { templateArguments: { messages: '' } })).rejects.toThrow(/"messages"/)
  })

  test.each([
    ['{{ true }} {{ none }}{{ missing }} {{ 1 if false }}', 'True None '],
    ["{{ [true, none, 1, 2.0, 'it\\'s', \"a\\n\"] }}", `[True, None, 1, 2.0, "it's", 'a\\n']`],
    ["{% if true %}{{ {'a': [false]} }}{% endif %}", "{'a': [False]}"],
    ['{% for x in [none] %}{{ x }}{% endfor %}{% set y %}{{ true }}{% endset %}{{ y }}', 'NoneTrue'],
    ["{{ 'a' ~ true ~ none ~ missing }} {{ false | string }} {{ [true] | tojson }}", 'aTrueNone False [true]']
  ])('prints the values of %s as Python does', async (template, rendered) => {
    expect((await renderWith(template)).rendered).toBe(rendered)
  })

  test.each([
    ["{{ '5' + 5 }}", '"+" joins a text only with another text'],
    ["{{ '%s' | format }}", 'a format has fewer values than directives'],
    ["{{ '%.1f' % 2.25 }}", '"%." is not a supported format']
  ])('refuses %s, which Python refuses or writes otherwise', async (template, message) => {
    await expect(renderWith(template)).rejects.toThrow(message)
  })

  test('that refuses a system turn names the remedy', async () => {
    const template = `{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}${ECHO}`
    expect((await renderWith(template)).rendered).toBe('[user]Hi')
    await expect(renderWith(template, { systemPrompt: 'Be brief' })).rejects.toMatchObject({
      problem: {
        code: 'bad-input',
        message: expect.stringContaining('"System role not supported"'),
        hint: expect.stringContaining('Empty the system prompt')
      }
    })
  })

  test('that drops the system turn is reported', async () => {
    const { notices } = await renderWith("{{ messages[-1]['content'] }}", { systemPrompt: 'Be brief' })
    expect(notices).toEqual([expect.stringContaining('leaves the system prompt out')])
  })

  test.each([
    ['is not valid Jinja', '{% if %}', /does not work/],
    ['calls what is no function', '{{ missing() }}', /does not work/],
    ['asks for a list beyond the memory', '{% for i in range(10 ** 12) %}{% endfor %}', /does not work/],
    ['asks for a long list', '{{ range(1000000000000)|length }}', /1000000000000 items/],
    ['never ends', loops(12), /took longer than 0\.2 s/]
  ])(
    'that %s is an error of its file',
    async (_, template, message) => {
      tightSandbox()
      const problem = { code: 'bad-file', message: expect.stringMatching(message) }
      await expect(renderWith(template)).rejects.toMatchObject({ problem })
    },
    30_000
  )

  // Rendered by Python's Jinja with transformers' settings.
  test.each(JINJA_TEMPLATES)('may go through $what, as in Python', async ({ template, rendered }) => {
    expect((await renderWith(template)).rendered).toBe(rendered)
  })

  /** Template like that of Llama Guard Vision, which reads text from parts only. */
  const IN_PARTS =
    "{% for message in messages %}{{ message['role'] }}: {% for part in message['content'] %}" +
    "{% if part['type'] == 'text' %}{{ part['text'] | trim }}{% endif %}{% endfor %};{% endfor %}"

  test.each([
    ['leaves texts out', IN_PARTS],
    ['fails on texts', `{% set first = messages[0]['content'][0]['text'].strip() %}${IN_PARTS}`],
    ['refuses texts', `{% if messages[0]['content'] is string %}{{ raise_exception('no text') }}{% endif %}${IN_PARTS}`]
  ])('that %s is given messages in parts, and that is said', async (_, template) => {
    const { rendered, notices } = await renderWith(template)
    expect(rendered).toBe('user: Hi;')
    expect(notices).toEqual([expect.stringContaining('takes only messages in parts')])
  })

  test('that leaves texts out either way is rendered unchanged', async () => {
    expect(await renderWith('nothing')).toMatchObject({ rendered: 'nothing', notices: [] })
  })

  test.each(
    malformedCases('templates', z.strictObject({ what: z.string(), template: z.string(), message: z.string() }))
  )('with a dictionary of numbers that $what is refused', async ({ template, message }) => {
    await expect(renderWith(template)).rejects.toThrow(message)
  })

  test("cannot reach JavaScript's prototypes", async () => {
    const { rendered } = await renderWith(
      "{{ ''.constructor is defined }} {{ messages.__proto__ is defined }} {{ range.constructor is defined }}"
    )
    expect(rendered).toBe('False False False')
  })
})

/** Nested loops: 1000 ** depth rounds. */
function loops(depth: number): string {
  return '{% for i in range(1000) %}'.repeat(depth) + 'x' + '{% endfor %}'.repeat(depth)
}

test('strftime writes dates as Python does in the C locale', () => {
  const directives = '%Y|%y|%m|%d|%e|%j|%B|%b|%A|%a|%H|%I|%M|%S|%p|%%|%-d|%-m|%-j|%U|%V|%G|%_m'
  // python3 -c 'import datetime; print(datetime.datetime(2026,3,5).strftime("..."))'
  expect(strftime('2026-03-05', directives, 'It')).toBe(
    '2026|26|03|05| 5|064|March|Mar|Thursday|Thu|00|12|00|00|AM|%|5|3|64|09|10|2026| 3'
  )
})

test.each([
  ['%Q', '%Q'],
  ['%d %-Q', '%-Q'],
  ['%c', '%c'],
  ['100 %', '%'],
  ['%%%é', '%é']
])('strftime refuses %s, whose directive nobody else would write alike', (format, directive) => {
  expect(() => strftime('2026-03-05', format, 'The chat template in t.jinja')).toThrow(
    `The chat template in t.jinja formats a date with "${directive}", which is not supported.`
  )
})

describe('time limit', () => {
  test('stops a runaway pattern', () => {
    const runaway = (): boolean => /^(a+)+$/.test('a'.repeat(50) + 'b')
    expect(() => withTimeLimit(50, 'The pattern', runaway)).toThrow('The pattern took longer than 0.05 s')
  })

  test('hands on results and errors', () => {
    expect(withTimeLimit(1_000, 'Adding', () => 1 + 1)).toBe(2)
    expect(withTimeLimit(1_000, 'Nothing', () => undefined)).toBeUndefined()
    expect(() => withTimeLimit(1_000, 'Failing', () => JSON.parse('{'))).toThrow(SyntaxError)
  })
})

test('a text model is read again only when its files have changed, and a broken one every time', async () => {
  const folder = await textFolder({ 'tokenizer.json': TOKENIZER })
  const [first, second] = await Promise.all([recentTextModel(folder), recentTextModel(folder)])
  expect(second).toBe(first)
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(byteLevelTokenizer([], [BOS, '<x>'])))
  const changed = await recentTextModel(folder)
  expect(changed).not.toBe(first)
  expect(await encodeOne(changed, '<x>')).toHaveLength(1)
  await writeFile(join(folder, 'tokenizer.json'), '{')
  await expect(recentTextModel(folder)).rejects.toThrow('tokenizer.json')
  await expect(recentTextModel(folder)).rejects.toThrow('tokenizer.json')
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(TOKENIZER))
  expect(await encodeOne(await recentTextModel(folder), '<x>')).toHaveLength(3)
})
