import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { MENU_WORDS, SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { takeAction } from '../fixtures/ranges-view'
import { ProjectDocument } from '../../src/contract/documents/project'
import { SampleLine } from '../../src/contract/documents/samples'
import { elementAt } from '../../src/contract/model/look-up'
import { createProject } from '../../src/main/project/create-project'
import { openProject } from '../../src/main/project/open-project'
import { withKept } from '../../src/main/project/pair/kept-recipes'
import { startAnswerEndpoint } from '../fixtures/answer-endpoint'
import {
  downloadedText,
  expectAccessible,
  expectPrintsWhole,
  hoverCharts,
  it,
  openSettings,
  relayMessages
} from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { answers } from '../fixtures/held-engine'
import { KEPT_AT, LAYERS_4_11, NOT_SCORED, PROMPTS } from '../fixtures/project-documents'
import { sampleLines, sampleRunFixture } from '../fixtures/sample-documents'
import { demoProject } from '../fixtures/swept-project'

describe('the chat in Chromium', () => {
  it('answers by keyboard alone, answers again by other layers, outlives a reload, and is one for each pair', async ({
    open
  }) => {
    const project = await openProject(await demoProject())
    await project.addPair({ kind: 'demo' }, 'Other')
    await project.close()
    const page = await open(project.path, 'chat')
    const field = page.getByRole('textbox', { name: 'What you say' })
    const send = page.getByRole('button', { name: 'Send' })
    await openSettings(page, SETTINGS_WORDS.sampler)
    await page.getByRole('spinbutton', { name: 'Temperature' }).waitFor()
    await page.keyboard.press('Escape')
    await field.fill('Call a number.')
    // As quick hands send elsewhere; it must not sweep.
    await page.keyboard.press('Control+Enter')
    const answers = (name: string) => page.getByRole('region', { name: `Answers of ${name}`, exact: true })
    for (const name of ['base', 'post', 'Layers 4–11']) await answers(name).getByText('of 4').waitFor()
    await send.waitFor()

    await openSettings(page, SETTINGS_WORDS.recipe)
    const first = page.getByRole('slider', { name: 'First layer' })
    await first.focus()
    await page.keyboard.press('ArrowLeft')
    await answers('Layers 3–11').getByText('of 4').waitFor()
    const post = await answers('post').innerText()

    await page.getByRole('button', { name: 'Keep recipe' }).click()
    await page.getByRole('button', { name: 'Kept as a recipe' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Keep prompt' }).click()
    await page.getByRole('button', { name: 'In Samples' }).waitFor()

    // The sampler settings are read after the question is typed.
    const delayed: (() => void)[] = []
    let isSlow = true
    await relayMessages(page, (client, server) => {
      client.onMessage((message) => {
        if (isSlow && String(message).includes('samples/defaults')) delayed.push(() => server.send(message))
        else server.send(message)
      })
    })
    await page.reload()
    await answers('Layers 3–11').getByText('of 4').waitFor()
    expect(await answers('post').innerText()).toBe(post)
    await page.getByRole('button', { name: 'In Samples' }).waitFor()

    // What was said since the conversation was cleared stays, behind what Undo brings back.
    const turns = page.getByRole('region', { name: /^Turn \d+$/ }).locator('.said p')
    await page.getByRole('button', { name: 'Clear' }).click()
    await expect.poll(() => turns.count()).toBe(0)
    await field.fill('Name a colour.')
    await page.keyboard.press('Enter')
    await page.getByText('Your text is sent after that.').waitFor()
    isSlow = false
    for (const send of delayed) send()
    await answers('post').getByText('of 4').waitFor()
    await page.getByRole('button', { name: 'Undo clear the chat' }).click()
    await expect.poll(() => turns.allInnerTexts()).toEqual(['Call a number.', 'Name a colour.'])

    // Another pair begins a conversation of its own.
    const pair = page.getByLabel('Pair', { exact: true })
    await pair.selectOption('Other')
    await page.getByRole('button', { name: 'Ask this pair the same' }).click()
    await answers('post').getByText('of 4').waitFor()
    expect(await turns.allInnerTexts()).toEqual(['Name a colour.'])
    await pair.selectOption('Demo')
    await expect.poll(() => turns.allInnerTexts()).toEqual(['Call a number.', 'Name a colour.'])
  })
})

describe('samples in Chromium', () => {
  /** A project of the demo pair in which the range 4-11 is kept. */
  async function keptRange(): Promise<string> {
    const project = await createProject({
      folder: await temporaryFolder(),
      name: 'Demo',
      pair: { kind: 'demo' },
      prompts: PROMPTS
    })
    await project.firstPair.edit((document) => withKept(document, 'kept', LAYERS_4_11, NOT_SCORED, KEPT_AT))
    await project.close()
    return project.path
  }

  /** A project with a stored run of six variants, four answers each. */
  async function answeredBySix(promptCount: number): Promise<string> {
    const project = await createProject({
      folder: await temporaryFolder(),
      name: 'Six',
      pair: { kind: 'demo' },
      prompts: PROMPTS
    })
    const plain = sampleRunFixture()
    const run = sampleRunFixture({
      settings: { ...plain.settings, sampleCount: 4 },
      prompts: Array.from({ length: promptCount }, (_, index) => ({
        ...elementAt(plain.prompts, 0, 'prompt'),
        text: `Name a colour, number ${index + 1}.`
      })),
      variants: [
        { kind: 'base', name: 'base' },
        { kind: 'post', name: 'post' },
        ...[1, 2, 3, 4].map((layer) => ({
          kind: 'recipe' as const,
          name: `v${layer}`,
          recipe: { name: `v${layer}`, ranges: [[layer, layer] as [number, number]] }
        }))
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

  it('sets answers of an endpoint beside those of post, once it was confirmed that prompts leave the program', async ({
    open
  }) => {
    const { endpoint, requests } = await startAnswerEndpoint({ answer: (_, given) => `Served ${given}` })
    const project = await keptRange()
    const page = await open(project, 'samples')
    await openSettings(page, SETTINGS_WORDS.variants)
    await page.getByRole('button', { name: 'Add external model…' }).click()
    const dialog = page.getByRole('dialog', { name: 'External model' })
    await dialog.getByLabel('Address').fill(endpoint.baseUrl)
    await dialog.getByLabel('Model', { exact: true }).fill(endpoint.model)
    await dialog.getByLabel('Name of the variant').fill('theirs')
    const add = dialog.getByRole('button', { name: 'Add the variant' })
    expect(await add.isDisabled()).toBe(true)
    await dialog.getByLabel(/Prompts leave this program/).check()
    await expectAccessible(page, 'answers from elsewhere')
    await add.click()
    await page.getByText(/Prompts leave this program: they are sent to 127\.0\.0\.1/).waitFor()
    expect(requests).toEqual([])
    for (const name of ['base', 'Layers 4–11']) await page.getByRole('checkbox', { name }).uncheck()
    await setSampler(page, 'Answers per prompt', '2')
    await page.getByText('6 prompts × 2 variants × 2 = 24 answers').first().waitFor()
    await page
      .getByRole('button', { name: /^Generate/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'More samples' }).waitFor()
    await page.getByText('Served 0').first().waitFor()

    // A project of somebody else may name any address: main asks for it before anything is sent.
    const stored = (await readdir(project, { recursive: true })).filter((name) => name.endsWith('.json'))
    const stranger = await startAnswerEndpoint({ answer: (_, given) => `Strange ${given}` })
    for (const file of stored.map((name) => join(project, name))) {
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replaceAll(endpoint.baseUrl, stranger.endpoint.baseUrl))
    }
    const question = page.getByRole('dialog', { name: 'Send prompts to this address?' })
    for (const answer of ['Cancel', 'Allow']) {
      await openSettings(page, 'More samples')
      await page.getByLabel('How many more answers per prompt and variant').fill('1')
      await page.getByRole('button', { name: 'Add answers' }).click()
      await question.getByText(new URL(stranger.endpoint.baseUrl).host).waitFor()
      if (answer === 'Cancel') await expectAccessible(page, 'the question for an address')
      await question.getByRole('button', { name: answer }).click()
      if (answer === 'Cancel') await page.getByText(/^Nobody has confirmed on this machine/).waitFor()
      expect(answer === 'Allow' ? [] : stranger.requests).toEqual([])
    }
    await page.getByText('Strange 0').first().waitFor()
  })

  it('show post repeating itself and the hybrid not, survive a reload, and export', async ({
    browser,
    open
  }) => {
    const project = await keptRange()
    const page = await open(project, 'samples')
    await page.getByText('6 prompts × 3 variants × 8 = 144 answers').first().waitFor()
    // What failed for its settings is run again with those that the user has put right.
    await openSettings(page, SETTINGS_WORDS.sampler)
    const memory = await page.getByLabel('Memory, GiB', { exact: true }).inputValue()
    await setSampler(page, 'Memory, GiB', '0.001')
    await page
      .getByRole('button', { name: /^Generate/ })
      .first()
      .click()
    await page.getByText(/more than the 1.1 MiB allowed/).waitFor()
    await setSampler(page, 'Memory, GiB', memory)
    await page.getByRole('button', { name: 'Run again' }).click()
    await page.getByRole('button', { name: 'More samples' }).waitFor()
    await hoverCharts(page, 1)

    const distinct = async (variant: string): Promise<number> => {
      const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: variant }) })
      return Number((await row.first().getByRole('cell').nth(1).innerText()).trim())
    }
    // Of eight.
    expect(await distinct('post')).toBeLessThan(4)
    expect(await distinct('Layers 4–11')).toBeGreaterThan(6.4)

    // What the next run is to be is kept, although no run has used it.
    await setSampler(page, 'Top-p', '0.9')
    await openSettings(page, SETTINGS_WORDS.variants)
    await page.getByRole('checkbox', { name: 'base' }).uncheck()
    const setup = async (): Promise<unknown> => {
      const document = ProjectDocument.parse(
        JSON.parse(await readFile(join(project, 'project.json'), 'utf8'))
      )
      const { samples, variants } = elementAt(document.pairs, 0, 'pair').settings
      return [samples?.settings.sampling.topP, variants.leftOut]
    }
    await expect.poll(setup).toEqual([0.9, ['base']])
    await page.reload()
    await page.getByRole('button', { name: 'More samples' }).waitFor()
    await openSettings(page, SETTINGS_WORDS.sampler)
    expect(await page.getByLabel('Top-p', { exact: true }).inputValue()).toBe('0.9')
    await openSettings(page, SETTINGS_WORDS.variants)
    expect(await page.getByRole('checkbox', { name: 'base' }).isChecked()).toBe(false)
    // Of eight.
    expect(await distinct('post')).toBeLessThan(4)

    const lines = (await download(page, 'jsonl')).trim().split('\n')
    expect(lines).toHaveLength(144)
    for (const line of lines) SampleLine.parse(JSON.parse(line))
    expect((await download(page, 'csv')).split('\r\n').length).toBeGreaterThan(144)

    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      takeAction(page, 'samples', MENU_WORDS.exportAs('html'))
    ])
    const exported = await browser.newPage()
    const requests: string[] = []
    exported.on('request', (request) => requests.push(request.url()))
    const file = join(dirname(project), 'samples.html')
    await saved.saveAs(file)
    await exported.goto(pathToFileURL(file).href)
    await exported.getByText('Name a colour.').first().waitFor()
    expect(requests).toEqual([pathToFileURL(file).href])
    await expectPrintsWhole(exported)
  })

  it('compare sets of six variants blind by the keyboard, survive a reload, and say what is preferred', async ({
    open
  }) => {
    const prompts = 6
    const page = await open(await answeredBySix(prompts), 'samples', {
      viewport: { width: 1024, height: 700 },
      reducedMotion: 'reduce'
    })
    await takeAction(page, 'samples', MENU_WORDS.compareBlind)
    const blind = page.getByRole('region', { name: 'Blind comparison' })
    const cards = blind.getByRole('article')
    await expect.poll(() => cards.count()).toBe(6)
    const window = page.viewportSize()
    for (const button of await page.getByRole('button', { name: /^Prefer/ }).all()) {
      const box = await button.boundingBox()
      expect(
        box !== null &&
          window !== null &&
          box.x + box.width <= window.width &&
          box.y + box.height <= window.height
      ).toBe(true)
    }
    expect(await cards.first().getByRole('listitem').count()).toBe(4)
    for (const name of ['base', 'post', 'v3'])
      expect(await blind.getByText(name, { exact: true }).count()).toBe(0)
    await expectAccessible(page, 'blind comparison')

    const decided = (count: number): Promise<void> =>
      page.getByText(`${count} of ${prompts} decided`).waitFor()
    await page.keyboard.press('6')
    await decided(1)
    await page.keyboard.press('t')
    await decided(2)
    await page.keyboard.press('s')
    await decided(3)
    await page.keyboard.press('u')
    await decided(2)
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.reload()
    await decided(2)
    for (let count = 3; count <= prompts; count++) {
      await page.keyboard.press('1')
      await decided(count)
    }
    await page.getByText('Every comparison is decided').waitFor()
    await page.getByRole('button', { name: 'Reveal names' }).click()
    const tally = page.getByRole('region', { name: 'Preferences' })
    await tally.getByText(`${prompts} comparisons on ${prompts} prompts, 1 tie`).waitFor()

    const saved = page.waitForEvent('download')
    await tally.getByRole('button', { name: 'CSV' }).click()
    expect((await downloadedText(await saved)).trim().split('\r\n')).toHaveLength(prompts + 1)
    await tally.getByRole('button', { name: 'Clear' }).click()
    await tally.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo', exact: true }).first().click()
    await tally.getByText(`${prompts} comparisons on ${prompts} prompts, 1 tie`).waitFor()
  })

  it('keep finished answers when the engine is killed, and go on from there', async ({
    openHeld,
    held: { engine }
  }) => {
    const page = await openHeld(await keptRange(), 'samples')
    await setSampler(page, 'Answers per prompt', '12')
    const some = engine.holdAt(answers(150))
    await page
      .getByRole('button', { name: /^Generate/ })
      .first()
      .click()
    // Some answers are there; then the engine is gone.
    await some()
    const tally = page.getByText(/distinct of/).first()
    await tally.waitFor()
    engine.kill()
    await page.getByText(/The engine process was killed by SIGKILL/).waitFor()
    await tally.waitFor()
    // A reload forgets nothing of it: what goes on is the run that was stopped, not another one.
    await page.reload()
    await page.getByText(/was killed by SIGKILL.*Resume goes on with it: finished answers are kept/).waitFor()
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'More samples' }).waitFor()
    expect((await download(page, 'jsonl')).trim().split('\n')).toHaveLength(6 * 3 * 12)
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
    await setSampler(page, 'Answers per prompt', '1000')
    await page
      .getByRole('button', { name: /^Generate/ })
      .first()
      .click()
    await page
      .getByText(/distinct of/)
      .first()
      .waitFor()

    const doneCount = async (): Promise<number> => {
      const said = await page
        .getByText(/of 80,000 answers$/)
        .first()
        .innerText()
      return Number(said.split(' ')[0]?.replaceAll(',', ''))
    }
    // The last rows are in sight now; the first ones stay as they are however much arrives.
    const rows = page.getByRole('row')
    await rows.last().scrollIntoViewIfNeeded()
    const before = await doneCount()
    const { places, moved } = await page.evaluate(async (before) => {
      const frame = (): Promise<unknown> => new Promise(requestAnimationFrame)
      // What the scrolling brought into sight has been drawn by then.
      await frame()
      await frame()
      const done = (): number =>
        Number(/([\d,]+) of 80,000 answers/.exec(document.body.innerText)?.[1]?.replaceAll(',', ''))
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
      while (done() <= before + 200 || !places.has(rows.length - 1)) await frame()
      observer.disconnect()
      return { places: [...places].toSorted((a, b) => a - b), moved: topOf(rows.at(-1)) - top }
    }, before)
    expect(places.at(-1)).toBe(39)
    expect(places[0]).toBeGreaterThan(20)
    // A row is hundreds of pixels high; a row out of sight that is laid out late may cost the rounding of one.
    expect(Math.abs(moved)).toBeLessThanOrEqual(1)

    // What arrived meanwhile is there as soon as it comes into sight.
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

  async function download(page: Page, format: string): Promise<string> {
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      takeAction(page, 'samples', MENU_WORDS.exportAs(format))
    ])
    return downloadedText(saved)
  }

  async function setSampler(page: Page, field: string, value: string): Promise<void> {
    await openSettings(page, SETTINGS_WORDS.sampler)
    await page.getByLabel(field, { exact: true }).fill(value)
    await page.keyboard.press('Escape')
  }
})
