import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SampleLine } from '../../../../../src/contract/documents/samples'
import { SamplePrompts } from '../../../../../src/contract/documents/task'
import { parseCsv } from '../../../../../src/main/base/csv'
import { spreadsheetText } from '../../../../../src/contract/words/spreadsheet-text'
import { exportPreferences, exportSamples } from '../../../../../src/main/report/samples-page/export'
import { PreferenceVote, PreferenceTally } from '../../../../../src/contract/documents/preferences'
import { escapeHtml } from '../../../../../src/main/base/markup'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { stoppedRunWords } from '../../../../../src/contract/words/answer-words'
import { runMeasures } from '../../../../../src/main/measures/run-measures'
import { printSample } from '../../../../../src/main/report/samples-page/sample-command'
import { shownModelName } from '../../../../../src/main/report/shown-command'
import { pairPaths } from '../../../../../src/main/project/demo'
import { sampleLine, sampleRun } from '../../../../fixtures/sample-run'

/** Answers in the order of their arrival, which mixes indices and variants. */
const SAMPLES = [
  sampleLine('post', 0, 1, 'blue'),
  sampleLine('base', 0, 0, 'Teal, or "beige"\n'),
  sampleLine('post', 0, 0, 'Blue.'),
  sampleLine('post', 1, 0, 'is <b>wide</b> & deep'),
  { ...sampleLine('base', 0, 1, ''), finish: 'length' } satisfies SampleLine
]

const linesOf = (content: string): unknown[] =>
  content
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'=+-@\'"<>&, \t\r\na＝', '&amp;'), maxLength: 6 })
)

describe('JSON Lines', () => {
  test('hold every stored answer with its prompt, sorted by prompt, variant and index', async () => {
    const { fileName, content } = await exportSamples(sampleRun(), SAMPLES, 'jsonl')
    expect(fileName).toBe('samples-run-1.jsonl')
    const lines = linesOf(content)
    const sorted = [1, 4, 2, 0, 3].map((place) => SAMPLES[place])
    expect(lines.map((line) => SampleLine.parse(line))).toEqual(sorted)
    expect(lines[0]).toMatchObject({ promptText: 'Name a colour.', category: 'naming' })
  })
})

describe('CSV', () => {
  test('has a header and a record for every answer', async () => {
    const { fileName, content } = await exportSamples(sampleRun(), SAMPLES, 'csv')
    expect(fileName).toBe('samples-run-1.csv')
    expect(content.startsWith('\uFEFFprompt,promptText,')).toBe(true)
    expect(parseCsv(fileName, content.slice(1)).map(({ fields }) => fields)).toEqual([
      'prompt,promptText,category,variant,index,text,tokenCount,finish,compared,preferred'.split(','),
      ['0', 'Name a colour.', 'naming', 'base', '0', 'Teal, or "beige"\n', '2', 'stop', '0', '0'],
      ['0', 'Name a colour.', 'naming', 'base', '1', '', '2', 'length', '0', '0'],
      ['0', 'Name a colour.', 'naming', 'post', '0', 'Blue.', '2', 'stop', '0', '0'],
      ['0', 'Name a colour.', 'naming', 'post', '1', 'blue', '2', 'stop', '0', '0'],
      ['1', 'The sea', '', 'post', '0', 'is <b>wide</b> & deep', '2', 'stop', '0', '0']
    ])
  })

  test('keeps spreadsheets from computing what a model wrote', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\n-1', '\r', '＝1', "'=1"]) {
      expect(spreadsheetText(text)).toBe(`'${text}`)
    }
    for (const text of ['', 'a=b', "'tis", '1-1', '"=1"']) expect(spreadsheetText(text)).toBe(text)
  })

  test('loses no text', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, async (promptText, answer) => {
        const [prompt] = sampleRun().prompts
        if (prompt === undefined) throw new Error('the fixture has prompts')
        const run = sampleRun({ prompts: [{ ...prompt, text: promptText }] })
        const { content } = await exportSamples(run, [sampleLine('base', 0, 0, answer)], 'csv')
        const fields = parseCsv('x.csv', content.slice(1))[1]?.fields ?? []
        expect(fields[1]).toBe(spreadsheetText(promptText))
        expect(fields[5]).toBe(spreadsheetText(answer))
        for (const field of fields) expect(field).not.toMatch(/^[\s]*[=+\-@＝＋－＠]/u)
      })
    )
  })
})

describe('the page to share', () => {
  const page = async (samples = SAMPLES, changes = {}): Promise<string> =>
    (await exportSamples(sampleRun(changes), samples, 'html')).content

  test('has prompts down, variants across, and repeated answers once with their count', async () => {
    const html = await page()
    expect(html).toContain('<title>Samples of base, post, Upper half</title>')
    expect(html).toContain('<th scope="col" class="hybrid" dir="auto">Upper half</th>')
    expect(html).toContain('<div class="text" dir="auto">Blue.</div><span>×2</span>')
    expect(html).toContain('<rect width="100.0%"')
    expect(html).not.toContain('<div class="text" dir="auto">blue</div>')
    expect(html).toContain('1 of 2 distinct · Answer entropy 0.000 · Self-BLEU 1.000 · Word distance 0.000')
    expect(html).toContain('2 of 2 distinct')
    expect(html).toContain('(empty)')
    expect(html).toContain('1 cut off')
    expect(html.match(/no answers yet/g)).toHaveLength(3)
  })

  test('names its settings and the command that repeats it', async () => {
    const html = await page(SAMPLES, { notices: ['No <template>.'], weights: null })
    expect(html).toContain('<dt dir="auto">Min-p</dt><dd dir="auto">0.1</dd>')
    expect(html).toContain(`tiny-base, fingerprint ${'b'.repeat(64)}`)
    expect(html).toContain('on CPU, no weights loaded')
    expect(html).toContain('layers of base: 4–11')
    expect(html).toContain('slr sample --base tiny-base --post tiny-post')
    expect(html).toContain('No &lt;template&gt;.')
    expect(html).not.toContain('/home/ada')
  })

  test('runs no script and loads nothing', async () => {
    const html = await page([sampleLine('post', 0, 0, '<script>alert(1)</script><img src="https://example.org/x">')])
    expect(html).toMatch(/content="default-src &#39;none&#39;; style-src &#39;sha256-[^;]*&#39;;/)
    expect(html).not.toMatch(/<(script|img|link|iframe|object)\b|<a href="[^#]/i)
    expect(html).not.toMatch(/url\(|@import/)
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })

  test('loses no text to escaping, apart from NUL, which HTML cannot hold', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeHtml(text)
        expect(escaped).not.toMatch(/[<>"'\r\0]/)
        expect(escaped).not.toMatch(/[\r\n]/)
        expect(unescapeHtml(escaped)).toBe(text.replaceAll('\0', '\uFFFD'))
      })
    )
  })

  test('escapes answers, prompts, categories and names alike', async () => {
    const tag = '<x-y>&"\''
    const html = await page([sampleLine(tag, 0, 0, tag)], {
      variants: [{ kind: 'recipe', name: tag, recipe: { name: tag, layers: [{ attention: 1, mlp: 0.5 }] } }],
      prompts: [{ text: tag, category: tag, system: tag, raw: false, rendered: tag, tokens: [1] }],
      rendering: {
        ...sampleRun().rendering,
        systemPrompt: tag,
        assistantPrefix: tag,
        templateArguments: { [tag]: tag }
      },
      notices: [tag]
    })
    expect(html).not.toContain('<x-y')
    expect(html).toContain('&lt;x-y&gt;&amp;&quot;&#39;')
  })
})

describe('preferences marked blind', () => {
  const among = ['base', 'post', 'Upper half']
  const marked = sampleRun({
    marks: [
      { prompt: 0, index: 0, size: 2, among, verdict: 'preferred', variant: 'post' },
      { prompt: 0, index: 0, size: 1, among: ['post', 'base'], verdict: 'preferred', variant: 'base' },
      { prompt: 0, index: 1, size: 1, among: ['post', 'base'], verdict: 'tie' },
      { prompt: 1, index: 0, size: 1, among: ['Upper half', 'post'], verdict: 'skipped' }
    ]
  })

  test('say of every answer in how many comparisons it was shown, and how many of them its variant won', async () => {
    const { content } = await exportSamples(marked, SAMPLES, 'jsonl')
    const Compared = z.object({ compared: z.number(), preferred: z.number() })
    const counts = linesOf(content).map((line) => Compared.parse(line))
    const told = counts.map(({ compared, preferred }) => `${compared} ${preferred}`)
    expect(told).toEqual(['2 1', '2 0', '2 1', '2 1', '0 0'])
    const csv = await exportSamples(marked, SAMPLES, 'csv')
    const columns = parseCsv('x.csv', csv.content.slice(1)).map(({ fields }) => fields.slice(8).join(' '))
    expect(columns).toEqual(['compared preferred', ...told])
  })

  test('are shown as a tally for each size of sets on the page, and in each cell', async () => {
    const { content } = await exportSamples(marked, SAMPLES, 'html')
    expect(content).toContain('single answers, 2 comparisons on 1 prompt, 1 tie, 1 skipped')
    expect(content).toContain('sets of 2 answers, 1 comparison on 1 prompt')
    expect(content).toContain('Too few prompts to say what is preferred.')
    expect(content).toMatch(/>post<\/th><td[^>]*>1<\/td><td[^>]*>1<\/td><td[^>]*>100 %<\/td>/)
    // A tie of two is half a win.
    expect(content).toMatch(/>base<\/th><td[^>]*>2<\/td><td[^>]*>1<\/td><td[^>]*>75 %<\/td>/)
    expect(content).toContain('preferred in 1 of 3')
    expect((await exportSamples(sampleRun(), SAMPLES, 'html')).content).not.toContain('Preferences')
  })

  test('are a separate file: every comparison as it was shown, and the totals', () => {
    const csv = exportPreferences(marked, 'csv')
    expect(csv.fileName).toBe('preferences-run-1.csv')
    expect(parseCsv('x.csv', csv.content.slice(1)).map(({ fields }) => fields)).toEqual([
      ['prompt', 'promptText', 'firstAnswer', 'answers', 'shown', 'verdict', 'preferred'],
      ['0', 'Name a colour.', '0', '2', 'base | post | Upper half', 'preferred', 'post'],
      ['0', 'Name a colour.', '0', '1', 'post | base', 'preferred', 'base'],
      ['0', 'Name a colour.', '1', '1', 'post | base', 'tie', ''],
      ['1', 'The sea', '0', '1', 'Upper half | post', 'skipped', '']
    ])
    const Written = z.object({ tallies: z.array(PreferenceTally), comparisons: z.array(PreferenceVote) })
    const { tallies, comparisons } = Written.parse(JSON.parse(exportPreferences(marked, 'json').content))
    expect(comparisons).toEqual(marked.marks)
    expect(tallies.map(({ size, comparisons, skipped }) => [size, comparisons, skipped])).toEqual([
      [1, 2, 1],
      [2, 1, 0]
    ])
  })
})

describe('the command that repeats a run', () => {
  test('names models, variants, sampler and rendering', () => {
    const { command, files } = printSample(sampleRun())
    expect(command.split(' \\\n  ')).toEqual([
      'slr sample --base tiny-base --post tiny-post',
      'base post 4-11',
      '--prompts prompts.json --temperature 1 --top-k 0 --top-p 1 --min-p 0.1 --repetition-penalty 1',
      '--n 2 --seed 7 --max-tokens 40',
      '--date 2026-01-01',
      '--device cpu --precision fp32 --weights fp32',
      '--out samples-run-1.jsonl'
    ])
    expect(files.map(({ name }) => name)).toEqual(['prompts.json'])
    const prompts = SamplePrompts.parse(JSON.parse(files[0]?.content ?? ''))
    expect(prompts.map(({ text, raw }) => ({ text, raw }))).toEqual([
      { text: 'Name a colour.', raw: false },
      { text: 'The sea', raw: true }
    ])
  })

  test('quotes what a shell would take apart, and holds the files of blended recipes', () => {
    const run = sampleRun()
    const layers = [{ attention: 1, mlp: 0 }]
    const templateArguments = { enable_thinking: false }
    const { command, files } = printSample({
      ...run,
      rendering: { ...run.rendering, systemPrompt: "Don't $(reboot)", templateArguments },
      settings: { ...run.settings, stopTexts: ['\n\n'], sampling: { ...run.settings.sampling, topK: 20 } },
      variants: [{ kind: 'recipe', name: 'soft', recipe: { name: 'soft', layers } }]
    })
    expect(command).toContain(`--system 'Don'\\''t $(reboot)' --template-argument enable_thinking=false`)
    expect(command).toContain(String.raw`--stop $'\n\n'`)
    expect(command).toContain('--top-k 20')
    expect(command).toContain('recipe-1.json')
    const content = `${JSON.stringify({ name: 'soft', layers })}\n`
    expect(files[1]).toEqual({ name: 'recipe-1.json', content })
  })

  test('of a built-in pair names it', () => {
    const { base, post } = pairPaths({ kind: 'demo', pair: 'blend' })
    const [basePath, postPath] = [base, post].map((path) => ({ path, fingerprint: 'b' }))
    expect(printSample(sampleRun({ basePath, postPath })).command).toMatch(/^slr sample --blend-demo \\\n/)
  })

  test('names models as people do', () => {
    expect(shownModelName('/cache/models--org--tiny-7b/snapshots/0a1b2c')).toBe('org/tiny-7b')
    expect(shownModelName('/data/tiny/')).toBe('tiny')
    expect(shownModelName('C:\\models\\tiny')).toBe('tiny')
  })
})

test('a mean over fewer prompts than its neighbours says over how many', () => {
  const run = { ...sampleRun(), variants: sampleRun().variants.slice(0, 1) }
  const { name } = elementAt(run.variants, 0, 'variant')
  const samples = [
    ...['a b', 'c d'].map((text, index) => sampleLine(name, 0, index, text)),
    ...['a', 'c'].map((text, index) => sampleLine(name, 1, index, text))
  ]
  const { variants, compared } = runMeasures(run, samples)
  expect(compared.prompts).toBe(2)
  expect(elementAt(variants, 0, 'variant').promptCounts).toMatchObject({ distinct2: 1, distinctAnswers: 2 })
})

test('a stopped run is measured by cell, and by variant over the prompts that all have answers to, on equal n', () => {
  const { cells, variants, compared } = runMeasures(sampleRun(), SAMPLES)
  const counted = cells.map(({ variant, prompt, measures }) => `${prompt} ${variant} ${measures.sampleCount}`)
  expect(counted.slice(0, 3)).toEqual(['0 base 2', '0 post 2', '0 Upper half 0'])
  expect(counted.slice(3)).toEqual(['1 base 0', '1 post 1', '1 Upper half 0'])
  expect(
    variants.map(({ variant, measures }) => [variant, measures.sampleCount, measures.values.answerEntropy])
  ).toEqual([
    ['base', 2, 1],
    ['post', 2, 0],
    ['Upper half', 0, undefined]
  ])
  expect(compared).toEqual({ prompts: 1, fewest: 2, most: 2 })
  // Another program may be writing the answers.
  expect(stoppedRunWords(SAMPLES.length, 18, 2, compared, true)).toMatch(/^5 of 18 answers so far: variants are/)
  expect(stoppedRunWords(SAMPLES.length, 18, 2, compared)).toBe(
    'Stopped at 5 of 18 answers: variants are compared over 1 of 2 prompts, on as many answers of each as all have, 2 answers per prompt.'
  )
})

test('a variant with more answers than another is measured on the first of them only', () => {
  const answers = ['red', 'red', 'blue', 'green'].map((text, index) => sampleLine('base', 0, index, text))
  const two = ['red', 'blue'].map((text, index) => sampleLine('post', 0, index, text))
  const { cells, variants } = runMeasures(sampleRun(), [...answers, ...two])
  expect(elementAt(cells, 0, 'cell').measures.values.distinctAnswers).toBe(3)
  expect(variants.map(({ measures }) => measures.values.distinctAnswers)).toEqual([1, 2, undefined])
})

/** The references that HTML defines for the escaped characters. */
function unescapeHtml(source: string): string {
  const breaks = { '#39': "'", '#10': '\n', '#13': '\r' }
  const characters: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', ...breaks }
  return source.replace(/&([^;]*);/g, (_, name: string) => characters[name] ?? `unknown reference ${name}`)
}
