import MarkdownIt from 'markdown-it'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { elementAt } from '../../src/contract/model/look-up'
import { MENU_WORDS, SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { RANGES_WORDS } from '../../src/contract/words/ranges-words'
import { type Place, placeHash, stepOf, STEPS, type View } from '../../src/renderer/app/place'
import { takeAction } from '../fixtures/ranges-view'
import { allowComplaint, downloadedText, expectFits, it, STILL_WINDOW, unfold, openSettings } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { HOSTILE_POST, hostileProject, PAYLOADS } from '../fixtures/hostile-project'
import { FUZZ_TIMES } from '../fixtures/mutations'
import { OwnWorkbench } from '../fixtures/own-workbench'

/** A text of each view once its content is shown, and what is clicked there to show more. */
const SHOWN: readonly (readonly [View, said: string, more: readonly string[]])[] = [
  ['models', 'Recent projects', ['Manage pairs…', 'Relocate…', 'Specification', 'Other checkpoints', 'Notes', 'Queue']],
  ['prompts', 'Valid characters', []],
  ['ranges', 'Gain over post', [RANGES_WORDS.table, RANGES_WORDS.limit, 'Layers', 'Search']],
  ['chat', 'Layers 2–5', []],
  ['samples', 'Mean of the prompts', [SETTINGS_WORDS.variants, SETTINGS_WORDS.sampler]],
  ['next-token', 'One of the prompts', []],
  ['evaluate', 'This evaluation was stopped', [SETTINGS_WORDS.task, SETTINGS_WORDS.variants]],
  ['export', 'Name of the new folder', []]
]

/**
 * Expects that no payload ran or became an element, that nothing is wider than the window, and that stacked marks are
 * clipped.
 */
async function expectHarmless(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: Reflect.get(globalThis, 'ran'),
    parts: [...document.querySelectorAll('[data-ran]')].map(({ outerHTML }) => outerHTML.slice(0, 200)),
    links: document.querySelectorAll('[href^="javascript:" i], [src^="javascript:" i]').length,
    frames: document.querySelectorAll('iframe, object, embed, base, meta[http-equiv="refresh"]').length
  }))
  expect(found, where).toEqual({ ran: undefined, parts: [], links: 0, frames: 0 })
  expect(await page.evaluate(pilesLetFree), where).toEqual([])
  await expectFits(page, where)
}

/** In a page: where marks pile up that the block of their text does not cut off. */
function pilesLetFree(): string[] {
  const texts = document.createTreeWalker(document, NodeFilter.SHOW_TEXT)
  const free: string[] = []
  while (texts.nextNode() !== null) {
    const { currentNode: text } = texts
    const parent = text.parentElement
    // Options and drawings have no lines beside them.
    if (!/\p{M}{9}/u.test(text.nodeValue ?? '') || parent?.checkVisibility() !== true) continue
    if (parent.closest('svg, option, textarea, script, style') !== null) continue
    let block: Element | null = parent
    while (block !== null && /^(inline|contents)$/.test(getComputedStyle(block).display)) block = block.parentElement
    if (block === null || getComputedStyle(block).overflowY === 'visible') free.push(parent.outerHTML.slice(0, 300))
  }
  return free
}

/** Says what a page asks the user, or of anybody but its program, of itself: nothing, unless a payload ran or became a tag. */
function askedBy(page: Page): string[] {
  const asked: string[] = []
  const { origin } = new URL(page.url())
  page.on('dialog', (dialog) => {
    asked.push(dialog.message())
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const own = [origin, 'file:', 'blob:', 'data:', 'about:'].some((start) => request.url().startsWith(start))
    if (!own || request.url().endsWith('/x')) asked.push(request.url())
  })
  return asked
}

/** Leads a window that has the project open to another place in it. */
async function lead(page: Page, project: string, view: View, particulars: Partial<Place> = {}): Promise<void> {
  await page.evaluate((hash) => (location.hash = hash), placeHash(project, view, particulars))
  const step = stepOf(view)
  const label = STEPS.find(({ id }) => id === step)?.label ?? step
  await page.locator('[aria-current=step]').filter({ hasText: label }).first().waitFor()
}

/** Checks that a printed page contains no actions and no links. */
function expectHarmlessPdf(pdf: Buffer, where: string): void {
  expect(pdf.subarray(0, 5).toString(), where).toBe('%PDF-')
  const objects = pdf.toString('latin1').replaceAll(/stream\r?\n[^]*?endstream/g, '')
  expect(objects.match(/\/(JavaScript|JS|OpenAction|AA|Launch|SubmitForm|EmbeddedFile|URI)\b/g), where).toBeNull()
}

interface ImportedFile {
  readonly name: string
  readonly text: string
  /** Text that the window shows for it. */
  readonly said: string | RegExp
}

/** Files that are imported by a dialog, refused and taken, by the view that takes them. */
function importedFiles(
  turned: number
): { view: View; tab: string | RegExp | null; label: string; files: ImportedFile[] }[] {
  const payload = elementAt(PAYLOADS, turned, 'payload')
  const called = payload.replaceAll('/', '')
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
  const csv = ['prompt,category,answer', ...PAYLOADS.map((text) => [text, text, text].map(quoted).join(','))]
  const lines = PAYLOADS.map((text) => JSON.stringify({ prompt: text, category: text, answer: text }))
  const taken = { csv: csv.join('\n'), jsonl: lines.join('\n') }
  const refused = `${taken.jsonl}\n${JSON.stringify({ [payload]: payload })}`
  const slice = (model: string, from: number, to: number) => ({
    sources: [{ model, layer_range: [from, to] }]
  })
  const mergekit = {
    name: `Imported ${payload}`,
    merge_method: 'passthrough',
    slices: [slice(HOSTILE_POST, 0, 2), slice('base', 2, 4), slice(HOSTILE_POST, 4, 6)]
  }
  const characters = PAYLOADS.map((text) => ({ text, category: text.trim(), valid: ['<', '"'] }))
  return [
    {
      ...{ view: 'prompts', tab: null, label: 'Prompt file to import' },
      files: [
        {
          name: `${called}.json`,
          text: JSON.stringify([{ text: payload, [payload]: 1 }]),
          said: /Your prompts are unchanged/
        },
        { name: `${called}.json`, text: JSON.stringify(characters), said: '14 prompts in' }
      ]
    },
    {
      ...{ view: 'samples', tab: /^\d+ prompts?…$/, label: 'Prompt file to import' },
      files: [
        { name: `${called}.jsonl`, text: refused, said: 'line 15: text' },
        { name: `${called}.csv`, text: taken.csv, said: '14 prompts' },
        { name: `${called}.jsonl`, text: taken.jsonl, said: '14 prompts' }
      ]
    },
    {
      ...{ view: 'evaluate', tab: SETTINGS_WORDS.task, label: 'Task file to import' },
      files: [
        { name: `${called}.jsonl`, text: refused, said: /line 15/ },
        { name: `${called}.csv`, text: taken.csv, said: /14 prompts × / },
        { name: `${called}.jsonl`, text: taken.jsonl, said: /14 prompts × / }
      ]
    },
    {
      ...{ view: 'ranges', tab: 'Search', label: 'mergekit file to import' },
      files: [
        {
          name: `${called}.yaml`,
          text: `merge_method: ${JSON.stringify(payload)}`,
          said: 'expected passthrough'
        },
        {
          name: `${called}.yaml`,
          text: JSON.stringify(mergekit),
          said: /^Imported /
        }
      ]
    }
  ]
}

/** Each a page that opens from the disk: the report, the samples, and a figure. */
async function exportedPages(folder: string, path: string): Promise<string[]> {
  const own = await OwnWorkbench.open()
  try {
    const client = own.client()
    const named = { path, pair: 'pair-1' }
    await client.projects.open({ path })
    const texts = {
      'report.html': (await client.projects.report({ ...named, format: 'html' })).content,
      'samples.html': (await client.samples.export({ ...named, runId: 'run-1', format: 'html' })).content
    }
    for (const [name, content] of Object.entries(texts)) await writeFile(join(folder, name), content)
    return Object.keys(texts).map((name) => join(folder, name))
  } finally {
    await own.close()
  }
}

/** `npm run fuzz` has each payload stand in each place. */
const ROUNDS = PAYLOADS.map((_, turned) => turned).slice(0, FUZZ_TIMES)

/** Every view, with what is opened in it, and what the other pairs are refused for. */
async function lookAtSteps(page: Page, project: string): Promise<void> {
  for (const [view, said, more] of SHOWN) {
    await lead(page, project, view)
    const main = page.getByRole('main')
    await main.getByText(said).first().waitFor()
    await expectHarmless(page, view)
    for (const name of more) {
      await main
        .getByRole('button', { name })
        .or(main.getByText(name, { exact: true }))
        .first()
        .click()
      await expectHarmless(page, `${view}: ${name}`)
      if (name.endsWith('…')) await page.keyboard.press('Escape')
    }
  }
  // The config of the first names a key, and gives it a value, that its complaint repeats; the header of the second a tensor.
  for (const [pair, said] of [
    ['pair-2', 'which is not computed for'],
    ['pair-3', 'has the unknown dtype']
  ] as const) {
    await lead(page, project, 'models', { pair })
    await page.getByRole('main').getByText(said).first().waitFor()
    await expectHarmless(page, said)
  }
}

/** @returns a figure that the window saved, in a file */
async function savedFigure(page: Page, project: string, folder: string): Promise<string> {
  await lead(page, project, 'samples')
  await takeAction(page, 'diversity measures', MENU_WORDS.saveFigure)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save SVG' }).click()
  ])
  const figure = join(folder, 'figure.svg')
  await writeFile(figure, await downloadedText(download))
  return figure
}

async function readTensors(page: Page, project: string): Promise<void> {
  const main = page.getByRole('main')
  await lead(page, project, 'models')
  await unfold(page, 'Weights')
  await unfold(page, 'Specification')
  await main.getByText('holds tensors that its decoder does not use: 14 tensors').first().waitFor()
  await main.getByRole('button', { name: 'Check all values' }).click()
  await main
    .getByText(`tensor "${'W'.repeat(190)}" holds NaN`)
    .first()
    .waitFor()
  await main.getByRole('button', { name: 'Compare the layers' }).click()
  await main.getByRole('grid', { name: /^Relative norm by layer/ }).waitFor()
  await expectHarmless(page, 'names of tensors')
}

/** Exports, and shows the model card. @returns what the card asked of anybody */
async function exportModel(page: Page, project: string, folder: string, browser: Browser): Promise<string[]> {
  const main = page.getByRole('main')
  await lead(page, project, 'export')
  const exported = join(folder, 'model')
  await page.getByRole('textbox', { name: 'Write into' }).fill(folder)
  await page.getByLabel('Name of the new folder').fill('model')
  await main.getByRole('button', { name: 'Export', exact: true }).last().click()
  await page.getByRole('heading', { name: /^Exported/ }).waitFor()
  await expectHarmless(page, 'an export')
  const card = await readFile(join(exported, 'README.md'), 'utf8')
  const reader = await browser.newPage()
  const askedByCard = askedBy(reader)
  // As a page does that lets tags of Markdown be tags, which Hugging Face's does only in part.
  const body = new MarkdownIt({ html: true, linkify: true }).render(card.replace(/^---\n[^]*?\n---\n/, ''))
  await reader.setContent(`<style>* { overflow-wrap: anywhere; white-space: pre-wrap; overflow: clip }</style>${body}`)
  await reader.getByText('data-ran').first().waitFor()
  await expectHarmless(reader, 'a model card')
  await reader.close()
  return askedByCard
}

async function importFiles(page: Page, project: string, turned: number): Promise<void> {
  const main = page.getByRole('main')
  for (const { view, tab, label, files } of importedFiles(turned)) {
    await lead(page, project, view)
    if (tab !== null)
      await main
        .getByRole('button', { name: tab, exact: true })
        .or(main.getByText(tab, { exact: true }))
        .first()
        .click()
    await page.getByLabel(label).waitFor({ state: 'attached' })
    for (const { name, text, said } of files) {
      if (tab === SETTINGS_WORDS.task) await openSettings(page, tab)
      await page.getByLabel(label).setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
      await page.getByText(said).first().waitFor()
      await expectHarmless(page, `${view}: ${name}`)
      if (await page.getByRole('dialog').last().isVisible()) await page.keyboard.press('Escape')
    }
  }
}

/** Adds a variant from a file of answers. */
async function addAnswers(page: Page, project: string, folder: string, turned: number): Promise<void> {
  await lead(page, project, 'samples')
  await page.getByRole('button', { name: 'Back to results' }).click()
  await openSettings(page, SETTINGS_WORDS.variants)
  await page.getByRole('button', { name: 'Add external model…' }).click()
  const answers = join(folder, 'answers.jsonl')
  await writeFile(
    answers,
    PAYLOADS.map((text, index) => JSON.stringify({ prompt: text, text, variant: `${text} ${index}` })).join('\n')
  )
  const dialog = page.getByRole('dialog', { name: 'External model' })
  await dialog.getByText('A file', { exact: true }).click()
  await dialog.getByLabel('File', { exact: true }).fill(answers)
  await page.keyboard.press('Tab')
  await dialog.getByText('14 answers').waitFor()
  await dialog.getByLabel('Whose answers').selectOption({ index: 1 + (turned % PAYLOADS.length) })
  await expectHarmless(page, 'answers of a file')
  await dialog.getByRole('button', { name: 'Add the variant' }).click()
  await dialog.waitFor({ state: 'detached' })
  await expectHarmless(page, 'a variant from a file')
}

describe('what strangers wrote', () => {
  it.for(ROUNDS)(
    '%i: is text in every step of the window, where it names tensors, is imported and is exported, and in reports, pages of samples and figures that are opened',
    async (turned, { open, browser }) => {
      const folder = await temporaryFolder()
      const project = await hostileProject(folder, turned)
      const pages = await exportedPages(folder, project)
      const page = await open(project, 'models', {
        viewport: { width: 1024, height: 700 },
        reducedMotion: 'reduce'
      })
      // Steps are links once the project is open; before that the address is not followed.
      await page.getByRole('link', { name: 'Models', exact: true }).waitFor()
      const asked = askedBy(page)
      await lookAtSteps(page, project)
      const figure = await savedFigure(page, project, folder)
      await page.setViewportSize(STILL_WINDOW.viewport)
      await readTensors(page, project)
      const askedByCard = await exportModel(page, project, folder, browser)
      await importFiles(page, project, turned)
      await addAnswers(page, project, folder, turned)
      for (const file of [...pages, figure]) {
        await page.goto(pathToFileURL(file).href)
        await page.getByText('data-ran').filter({ visible: true }).first().waitFor()
        await expectHarmless(page, file)
        expectHarmlessPdf(await page.pdf(), `${file}, printed`)
      }
      expect([...asked, ...askedByCard]).toEqual([])
    }
  )

  it('would run where it is not made text', async ({ browser }) => {
    allowComplaint(/./)
    const page = await browser.newPage()
    for (const payload of PAYLOADS.filter((text) => text.startsWith('<'))) {
      await page.goto('about:blank')
      await page.setContent(payload)
      await page.waitForFunction(() => Reflect.get(globalThis, 'ran') === 1)
      await expect(expectHarmless(page, payload)).rejects.toThrow(payload)
    }
    await page.setContent('<a href="http://127.0.0.1:9/">led away</a>')
    const pdf = await page.pdf()
    expect(() => expectHarmlessPdf(pdf, 'a link')).toThrow('a link')
  })
})
