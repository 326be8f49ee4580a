import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { SampleLine } from '../../src/contract/documents/samples'
import { elementAt } from '../../src/contract/model/look-up'
import { MENU_WORDS, SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { createProject } from '../../src/main/project/create-project'
import { openProject } from '../../src/main/project/open-project'
import { downloadedText, expectAccessible, expectPrintsWhole, hoverCharts, it, openSettings } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { PROMPTS } from '../fixtures/project-documents'
import { takeAction } from '../fixtures/ranges-view'
import { sampleLines, sampleRunFixture } from '../fixtures/sample-documents'
import { demoProject } from '../fixtures/swept-project'

describe('the chat in Chromium', () => {
  it('is asked by keyboard, outlives a reload and a clear that is undone, and is one for each pair', async ({
    open
  }) => {
    const project = await openProject(await demoProject())
    await project.addPair({ kind: 'demo', pair: 'blend' }, 'Other')
    await project.close()
    const page = await open(project.path, 'chat')
    const field = page.getByRole('textbox', { name: 'What you say' })
    const answers = (name: string) => page.getByRole('region', { name: `Answers of ${name}`, exact: true })
    const turns = page.getByRole('region', { name: /^Turn \d+$/ }).locator('.said')
    await field.fill('Call a number.')
    // Sends in other views; here it must not start a sweep.
    await page.keyboard.press('Control+Enter')
    for (const name of ['base', 'post', 'Layers 4–11']) await answers(name).getByText('of 4').waitFor()

    await openSettings(page, SETTINGS_WORDS.range)
    await page.getByRole('slider', { name: 'First layer' }).focus()
    await page.keyboard.press('ArrowLeft')
    await answers('Layers 3–11').getByText('of 4').waitFor()
    const post = await answers('post').innerText()
    await page.reload()
    await answers('Layers 3–11').getByText('of 4').waitFor()
    expect(await answers('post').innerText()).toBe(post)

    await page.getByRole('button', { name: 'Clear' }).click()
    await expect.poll(() => turns.count()).toBe(0)
    await field.fill('Name a colour.')
    await page.keyboard.press('Enter')
    await answers('post').getByText('of 4').waitFor()
    await page.getByRole('button', { name: 'Undo clear the chat' }).click()
    await expect.poll(() => turns.allInnerTexts()).toEqual(['Call a number.', 'Name a colour.'])

    const pair = page.getByLabel('Pair', { exact: true })
    await pair.selectOption('Other')
    await page.getByRole('button', { name: 'Ask this pair the same' }).click()
    await answers('post').getByText('of 4').waitFor()
    expect(await turns.allInnerTexts()).toEqual(['Name a colour.'])
    await pair.selectOption('Blend demo')
    await expect.poll(() => turns.allInnerTexts()).toEqual(['Call a number.', 'Name a colour.'])
  })
})

describe('samples in Chromium', () => {
  const PROMPT_COUNT = 6

  /** A project with a stored run of six variants, four answers each. One variant answers behind an address that nobody confirmed. */
  async function answeredBySix(): Promise<string> {
    const project = await createProject({
      folder: await temporaryFolder(),
      name: 'Six',
      pair: { kind: 'demo', pair: 'blend' },
      prompts: PROMPTS
    })
    const plain = sampleRunFixture()
    const run = sampleRunFixture({
      settings: { ...plain.settings, sampleCount: 4 },
      prompts: Array.from({ length: PROMPT_COUNT }, (_, index) => ({
        ...elementAt(plain.prompts, 0, 'prompt'),
        text: `Name a colour, number ${index + 1}.`
      })),
      variants: [
        { kind: 'base', name: 'base' },
        { kind: 'post', name: 'post' },
        ...[1, 2, 3].map((layer) => ({
          kind: 'recipe' as const,
          name: `v${layer}`,
          recipe: { name: `v${layer}`, ranges: [[layer, layer] as [number, number]] }
        })),
        {
          kind: 'endpoint',
          name: 'theirs',
          endpoint: {
            baseUrl: 'http://127.0.0.1:9/v1',
            model: 'm',
            through: 'completions',
            anyModel: false,
            concurrency: 1
          }
        }
      ]
    })
    await project.firstPair.samples.addRun(run)
    const lines = sampleLines(run).map((line) => ({
      ...line,
      text: `a colour ${line.index} ${'and more '.repeat(line.prompt * 6)}`
    }))
    await project.firstPair.samples.appendAnswers(run.id, lines)
    await project.close()
    return project.path
  }

  it('are compared blind by the keyboard, survive a reload, are saved, and ask before prompts leave the program', async ({
    browser,
    open
  }) => {
    const page = await open(await answeredBySix(), 'samples', {
      viewport: { width: 1024, height: 700 },
      reducedMotion: 'reduce'
    })
    await page.locator('[role=img] canvas').waitFor()
    await hoverCharts(page, 1)
    await takeAction(page, 'samples', MENU_WORDS.compareBlind)
    const blind = page.getByRole('region', { name: 'Blind comparison' })
    const cards = blind.getByRole('article')
    await expect.poll(() => cards.count()).toBe(6)
    const window = page.viewportSize()
    for (const button of await page.getByRole('button', { name: /^Prefer/ }).all()) {
      const box = await button.boundingBox()
      expect(
        box !== null && window !== null && box.x + box.width <= window.width && box.y + box.height <= window.height
      ).toBe(true)
    }
    await expectAccessible(page, 'blind comparison')

    const decided = (count: number): Promise<void> => page.getByText(`${count} of ${PROMPT_COUNT} decided`).waitFor()
    for (const [key, count] of [
      ['6', 1],
      ['t', 2],
      ['s', 3],
      ['u', 2]
    ] as const) {
      await page.keyboard.press(key)
      await decided(count)
    }
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.reload()
    await decided(2)
    for (let count = 3; count <= PROMPT_COUNT; count++) {
      await page.keyboard.press('1')
      await decided(count)
    }
    await page.getByRole('button', { name: 'Reveal names' }).click()
    const tally = page.getByRole('region', { name: 'Preferences' })
    const summary = tally.getByText(`${PROMPT_COUNT} comparisons on ${PROMPT_COUNT} prompts, 1 tie`)
    await summary.waitFor()
    const saved = page.waitForEvent('download')
    await takeAction(page, 'preferences', MENU_WORDS.savePreferences('csv'))
    expect((await downloadedText(await saved)).trim().split('\r\n')).toHaveLength(PROMPT_COUNT + 1)
    await takeAction(page, 'preferences', MENU_WORDS.clearPreferences)
    await tally.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo', exact: true }).first().click()
    await summary.waitFor()

    // Nobody on this machine has confirmed the address in the project.
    await openSettings(page, 'More samples')
    await page.getByRole('button', { name: 'Add answers' }).click()
    const question = page.getByRole('dialog', { name: 'Send prompts to this address?' })
    await question.getByText('127.0.0.1:9').waitFor()
    await expectAccessible(page, 'the question for an address')
    await question.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText(/^Nobody has confirmed on this machine/).waitFor()

    const lines = (await downloadAs(page, 'jsonl')).trim().split('\n')
    expect(lines.map((line) => SampleLine.parse(JSON.parse(line)))).toHaveLength(6 * PROMPT_COUNT * 4)
    const file = join(await temporaryFolder(), 'samples.html')
    await writeFile(file, await downloadAs(page, 'html'))
    const exported = await browser.newPage()
    const requests: string[] = []
    exported.on('request', (request) => requests.push(request.url()))
    await exported.goto(pathToFileURL(file).href)
    await exported.getByText('Name a colour, number 1.').first().waitFor()
    expect(requests).toEqual([pathToFileURL(file).href])
    await expectPrintsWhole(exported)
  })

  it('redraw what is in sight while thousands of answers stream in, and move nothing', async ({ open }) => {
    const page = await open(await demoProject(), 'samples')
    await page.getByRole('button', { name: /^\d+ prompts…$/ }).click()
    const prompts = Array.from({ length: 40 }, (_, number) => `Name a colour, number ${number + 1}.`)
    await page.getByLabel('Prompt file to import').setInputFiles({
      name: 'prompts.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from(prompts.join('\n'))
    })
    await page.getByText('40 prompts').first().waitFor()
    await page.getByRole('button', { name: 'Back to results' }).click()
    await openSettings(page, SETTINGS_WORDS.sampler)
    await page.getByLabel('Answers per prompt', { exact: true }).fill('1000')
    await page.keyboard.press('Escape')
    const variants = await openSettings(page, SETTINGS_WORDS.variants)
    await variants.getByRole('checkbox', { name: 'base', exact: true }).uncheck()
    await page.keyboard.press('Escape')
    // The button that opened the settings has the focus again, not the next one.
    await expect.poll(() => page.locator(':focus').innerText()).toMatch(/^Variants/)
    await page
      .getByRole('button', { name: /^Generate/ })
      .first()
      .click()
    const rows = page.getByRole('row')
    // The first row must have answers before it is out of sight.
    await rows
      .nth(1)
      .getByText(/distinct of/)
      .first()
      .waitFor()

    const doneCount = async (): Promise<number> => {
      const said = await page
        .getByText(/of 40,000 answers$/)
        .first()
        .innerText()
      return Number(said.split(' ')[0]?.replaceAll(',', ''))
    }
    // The last rows are in sight now; the first ones stay as they are however much arrives.
    await rows.last().scrollIntoViewIfNeeded()
    const before = await doneCount()
    const { places, moved } = await page.evaluate(async (before) => {
      const frame = (): Promise<unknown> => new Promise(requestAnimationFrame)
      // After two frames, the rows that scrolling brought into sight are drawn.
      await frame()
      await frame()
      const done = (): number =>
        Number(/([\d,]+) of 40,000 answers/.exec(document.body.innerText)?.[1]?.replaceAll(',', ''))
      const rows = [...document.querySelectorAll('.answer-grid .body')]
      const topOf = (row: Element | undefined): number => row?.getBoundingClientRect().top ?? NaN
      const places = new Set<number>()
      // Rows scrolled past take their real heights over some frames; the place in sight is kept to a whole pixel meanwhile.
      let top = topOf(rows.at(-1))
      for (let still = 0; still < 10; still++) {
        await frame()
        if (topOf(rows.at(-1)) !== top) still = 0
        top = topOf(rows.at(-1))
      }
      const observer = new MutationObserver((changes) => {
        for (const { target } of changes) places.add(rows.findIndex((row) => row.contains(target)))
      })
      for (const row of rows) observer.observe(row, { subtree: true, childList: true, characterData: true })
      while (done() <= before + 50 || !places.has(rows.length - 1)) await frame()
      observer.disconnect()
      return { places: [...places].toSorted((a, b) => a - b), moved: topOf(rows.at(-1)) - top }
    }, before)
    expect(places.at(-1)).toBe(39)
    expect(places[0]).toBeGreaterThan(20)
    // A row is hundreds of pixels high; a row out of sight that is laid out late may cost the rounding of one.
    expect(Math.abs(moved)).toBeLessThanOrEqual(1)

    // Answers that arrived meanwhile are shown as soon as their row is in sight.
    const first = rows.nth(1)
    const answered = async (): Promise<number> => {
      // Text that is laid out or not.
      const tally = await first
        .getByText(/distinct of/)
        .first()
        .textContent()
      return Number(/of ([\d,]+)/.exec(tally ?? '')?.[1]?.replaceAll(',', ''))
    }
    const stale = await answered()
    await first.scrollIntoViewIfNeeded()
    await expect.poll(answered).toBeGreaterThan(stale + 4)
    await page
      .getByRole('button', { name: /^Cancel/ })
      .first()
      .click()
    await page.getByText(/^Stopped at [\d,]+ of [\d,]+ answers/).waitFor()
  })

  async function downloadAs(page: Page, format: string): Promise<string> {
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      takeAction(page, 'samples', MENU_WORDS.exportAs(format))
    ])
    return downloadedText(saved)
  }
})
