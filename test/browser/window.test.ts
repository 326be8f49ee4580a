import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { describe, expect } from 'vitest'
import { MENU_WORDS, MORE_ACTIONS, SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { RANGES_WORDS, type RangesTab } from '../../src/contract/words/ranges-words'
import { stepOf, STEPS, type View } from '../../src/renderer/app/place'
import { sweepLabel } from '../../src/renderer/ranges/new-sweep/sweep-words'
import { allowComplaint, expectAccessible, expectFits, it, openSettings, showView, unfold } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { fullProject } from '../fixtures/full-project'
import { inOrder } from '../fixtures/held-engine'
import { heightAboveCharts, showTab } from '../fixtures/ranges-view'
import { demoPrompts, shortProject, sweptShort } from '../fixtures/swept-project'

const WIDE = { width: 1440, height: 900 }

const NARROW = { width: 1024, height: 700 }
/** A wide window at a zoom of 200 %. */
const ZOOMED = { width: 720, height: 450 }

/** Looks of a view. Whether it fits does not depend on colours, so that each width and each theme is examined once. */
const LOOKS = [
  { viewport: WIDE, colorScheme: 'light', forcedColors: 'none' },
  { viewport: NARROW, colorScheme: 'dark', forcedColors: 'none' },
  { viewport: ZOOMED, colorScheme: 'light', forcedColors: 'active' }
] as const

describe('every view in Chromium', () => {
  it('is accessible and fits, wide, narrow and zoomed, light, dark and in the system’s colours, and the keyboard stays in it', async ({
    open
  }) => {
    const page = await open(await fullProject(await temporaryFolder()), 'evaluate')
    // The verdict comes before the notes.
    const heightOf = async (text: string): Promise<number> => (await page.getByText(text).boundingBox())?.y ?? NaN
    expect(await heightOf('A note on the run.')).toBeGreaterThan(await heightOf('reference of the others'))
    for (const view of STEPS.flatMap(({ views }) => views)) {
      // A narrow bar of Ranges has no link to the prompts.
      await page.setViewportSize(WIDE)
      await showView(page, view)
      const step = stepOf(view)
      if (step !== 'answers') await page.locator('h1:focus').waitFor({ state: 'attached' })
      const label = STEPS.find(({ id }) => id === step)?.label ?? step
      expect(await page.title()).toContain(`${label} · P – SLR Workbench`)
      await page.waitForLoadState('networkidle')
      for (const { viewport, ...media } of LOOKS) {
        await page.setViewportSize(viewport)
        await page.emulateMedia({ ...media, reducedMotion: 'reduce' })
        await expectAccessible(page, `${view}, ${viewport.width} wide, ${media.colorScheme}`)
      }
    }

    // Results lead on to the next step.
    await showView(page, 'samples')
    const main = page.getByRole('main')
    await main.getByRole('link', { name: 'Evaluate' }).click()
    await main.getByRole('link', { name: 'Export' }).click()
    await main.getByRole('heading', { name: 'Export', exact: true }).waitFor()

    // The focused element is gone. The focus moves to a similar element, or else to its former position.
    await page.setViewportSize(WIDE)
    await showView(page, 'prompts')
    await page.getByRole('button', { name: 'Delete prompt 1' }).press('Enter')
    await page.getByText('1 prompt in').waitFor()
    const focused = page.locator(':focus')
    await expect.poll(() => focused.getAttribute('aria-label')).toBe('Delete prompt 1')
    // Only the current prompt is a stop of the Tab key, and arrows move to the next prompt.
    await page.getByRole('button', { name: 'Add prompt' }).click()
    await page.getByLabel('Category of prompt 2').focus()
    await page.keyboard.press('ArrowUp')
    await expect.poll(() => focused.getAttribute('aria-label')).toBe('Category of prompt 1')
    const stops = page
      .getByRole('region', { name: 'Prompts', exact: true })
      .locator('tbody :is(input, textarea, button):not([tabindex="-1"])')
    await expect
      .poll(() => stops.evaluateAll((all) => all.map((stop) => stop.ariaLabel)))
      .toEqual([
        'Text of prompt 1',
        'Category of prompt 1',
        'Valid characters of prompt 1',
        'Duplicate prompt 1',
        'Delete prompt 1'
      ])
    await showView(page, 'models')
    await unfold(page, 'Other checkpoints')
    await page.getByRole('button', { name: 'Add…' }).press('Enter')
    const lower = page.getByRole('dialog', { name: 'Add a checkpoint' })
    const upper = page.getByRole('dialog', { name: 'Model folder' })
    await lower.getByRole('button', { name: 'Browse: Model folder' }).press('Enter')
    await upper.waitFor()
    await page.keyboard.press('Escape')
    await upper.waitFor({ state: 'detached' })
    await expect.poll(() => focused.getAttribute('aria-label')).toBe('Browse: Model folder')
    await lower.getByRole('button', { name: 'Close' }).press('Enter')
    await lower.waitFor({ state: 'detached' })
    await expect.poll(() => focused.innerText()).toBe('Add…')
  })
})

interface DialogPlace {
  title: RegExp | string
  view: View
  /** The tab of Ranges that has it. */
  tab?: RangesTab
  /** The fold that holds the first button. */
  fold?: string
  /** The buttons that lead to it. */
  press: readonly (RegExp | string)[]
  /** Text that is shown after loading. */
  shows?: string
}

const DIALOGS: readonly DialogPlace[] = [
  { title: 'Help', view: 'models', press: ['Help'] },
  { title: 'Report', view: 'models', press: ['Report'] },
  { title: 'Settings', view: 'models', press: ['Settings'], shows: 'No webgpu device is here' },
  { title: /^Pairs of/, view: 'models', press: ['Manage pairs…'] },
  { title: 'Relocate the pair', view: 'models', press: ['Relocate…'] },
  { title: 'Add a checkpoint', view: 'models', fold: 'Other checkpoints', press: ['Add…'] },
  { title: 'Model folder', view: 'models', press: ['Add…', 'Browse: Model folder'] },
  { title: /^Runs of/, view: 'ranges', press: ['Runs'] },
  { title: 'New recipe', view: 'ranges', tab: 'search', press: ['New recipe'] },
  {
    title: 'Save figure: heatmap',
    view: 'ranges',
    tab: 'result',
    press: [`${MORE_ACTIONS}: heatmap`, MENU_WORDS.saveFigure]
  },
  { title: /^Edit task|^Copy/, view: 'evaluate', press: [SETTINGS_WORDS.task, 'Copy and edit…'] },
  {
    title: 'Sampler and prompting of a variant',
    view: 'evaluate',
    press: [SETTINGS_WORDS.variants, 'Duplicate post']
  },
  { title: 'External model', view: 'samples', press: [SETTINGS_WORDS.variants, 'Add external model…'] }
]

/** Dialogs with text that Escape must not discard. */
const TYPED_IN = [
  { settings: SETTINGS_WORDS.variants, opener: 'Add external model…', field: 'Name' },
  { settings: SETTINGS_WORDS.variants, opener: 'Duplicate post', field: 'Put before every prompt' },
  { settings: SETTINGS_WORDS.task, opener: 'Copy and edit…', field: /^The task as JSON/ }
]

/** Each scheme is looked through once, where there is the least room; in a wide window a dialog is what it is in a narrow one. */
const DIALOG_LOOKS = [
  { viewport: WIDE, colorScheme: 'light', lookedThrough: false },
  { viewport: NARROW, colorScheme: 'dark', lookedThrough: true },
  { viewport: ZOOMED, colorScheme: 'light', lookedThrough: true }
] as const

async function wear(page: Page, { viewport, colorScheme }: (typeof DIALOG_LOOKS)[number]): Promise<void> {
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
}

describe('the dialogs in Chromium', () => {
  it('are accessible and fit, wide, narrow and zoomed, and lose nothing that was typed to Escape', async ({
    openHeld,
    held: { engine }
  }) => {
    const page = await openHeld((await sweptShort()).project)
    await page
      .getByText(/Layers 4–5/)
      .first()
      .waitFor()
    for (const { title, view, tab, fold, press, shows } of DIALOGS) {
      await wear(page, DIALOG_LOOKS[0])
      await showView(page, view)
      if (tab !== undefined) await showTab(page, tab)
      if (fold !== undefined) await unfold(page, fold)
      for (const name of press)
        await page
          .getByRole('button', { name, exact: true })
          .or(page.getByRole('menuitem', { name, exact: true }))
          .first()
          .click()
      const dialog = page.getByRole('dialog', { name: title })
      // The keyboard begins where the dialog does.
      const focused = dialog.locator(':focus')
      await expect.poll(async () => (await focused.getAttribute('aria-label')) ?? '').not.toBe('Close')
      expect(await focused.evaluate(({ scrollTop }) => scrollTop), `${String(title)}: start of the text`).toBe(0)
      if (shows !== undefined) await dialog.getByText(shows).waitFor()
      for (const look of DIALOG_LOOKS) {
        await wear(page, look)
        await dialog.waitFor()
        const where = `${String(title)}, ${look.viewport.width} wide, ${look.colorScheme}`
        if (look.lookedThrough) await expectAccessible(page, where, dialog)
        else await expectFits(page, where)
        const box = await dialog.boundingBox()
        expect((box?.y ?? 0) + (box?.height ?? Infinity), String(title)).toBeLessThanOrEqual(look.viewport.height)
      }
      await wear(page, DIALOG_LOOKS[0])
      for (let open = press.length; open > 0; open--) {
        if ((await page.getByRole('dialog').count()) === 0) break
        await page.keyboard.press('Escape')
      }
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }

    await wear(page, DIALOG_LOOKS[0])
    await showView(page, 'evaluate')
    for (const { settings, opener, field } of TYPED_IN) {
      await openSettings(page, settings)
      await page.getByRole('button', { name: opener, exact: true }).first().click()
      const text = page.getByRole('dialog').getByLabel(field).first()
      await text.fill('of an hour')
      await page.keyboard.press('Escape')
      await page.getByText('Discard what was typed?').waitFor()
      await page.keyboard.press('Escape')
      await page.getByText('Discard what was typed?').waitFor({ state: 'detached' })
      expect(await text.inputValue(), opener).toBe('of an hour')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Discard' }).click()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }

    await showView(page, 'ranges')
    await showTab(page, 'result')
    await page.getByRole('button', { name: RANGES_WORDS.nextSweep }).click()
    const plan = page.getByRole('dialog', { name: RANGES_WORDS.nextSweep })
    await plan
      .getByText(/block evaluations/)
      .first()
      .waitFor()
    await expectAccessible(page, 'the plan', plan)
    // The name of a task makes the start button wider.
    const scored = plan.getByLabel('What the next sweep is scored by')
    await scored.selectOption('demo-names')
    await page.keyboard.press('Escape')
    const size = page.viewportSize()
    await page.setViewportSize(NARROW)
    await page.getByRole('button', { name: /^Sweep by/ }).waitFor()
    await expectFits(page, 'a sweep by a task, narrow')
    await page.setViewportSize(size ?? WIDE)
    await page.getByRole('button', { name: RANGES_WORDS.nextSweep }).click()
    await scored.selectOption('')
    await page.keyboard.press('Escape')

    // A sweep whose engine was started again leaves the charts in sight, with its progress and its notice.
    const computing = engine.holdAt(inOrder('plan'))
    await page.getByRole('button', { name: RANGES_WORDS.sweepAgain }).click()
    await computing()
    engine.kill()
    const goingOn = engine.holdAt(inOrder('plan'))
    await page.getByText(/The engine process was killed by SIGKILL/).waitFor()
    await goingOn()
    expect(await heightAboveCharts(page)).toBeLessThanOrEqual(200)
    engine.letGo()
    await page
      .getByText(/Layers 4–5/)
      .first()
      .waitFor()
  })
})

/** Returns the label or the text of the focused element. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement } = document
    if (activeElement === null || activeElement === document.body) return 'nothing'
    const named = activeElement.closest('label') ?? activeElement
    return activeElement.getAttribute('aria-label') ?? named.textContent.trim()
  })

/** Presses Tab until what has the keyboard is called so, in sight and marked at each stop. @returns how often */
async function tabTo(page: Page, name: RegExp, most: number, key = 'Tab'): Promise<number> {
  const passed: string[] = []
  while (passed.length < most) {
    await page.keyboard.press(key)
    passed.push(await focused(page))
    const marked = await page.evaluate(() => {
      const stop = document.activeElement
      const box = stop?.getBoundingClientRect()
      if (stop === null || box === undefined) return false
      const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
      const label = stop.closest('label')
      const ringed = [stop, label].some((one) => one !== null && getComputedStyle(one).outlineStyle !== 'none')
      return (ringed || stop.matches('rect')) && (stop.contains(over) || label?.contains(over) === true)
    })
    expect(marked, `${passed.at(-1)} is in sight`).toBe(true)
    if (name.test(passed.at(-1) ?? '')) return passed.length
  }
  throw new Error(`${String(name)} is not among ${passed.join(' | ')}`)
}

/** Notes whether the progress of a job is ever shown without its share. It runs in the page. */
const WATCH_SHARE = `window.hasBlankShare = false; new MutationObserver(() => {
  const share = document.querySelector('[aria-label=Progress] .facts b')
  if (share?.textContent === '') window.hasBlankShare = true
}).observe(document, { subtree: true, childList: true, characterData: true })`

describe('the workbench by keyboard only', () => {
  it('leads from the start over a sweep and a kept range to an export in few keys', async ({ open }) => {
    const page = await open(await shortProject(await demoPrompts(4)), 'models')
    const { keyboard } = page
    await page.getByRole('link', { name: 'Ranges' }).waitFor()
    // Before a sweep, an export has nothing to choose from.
    await keyboard.press('Alt+5')
    await page.getByLabel('Layers to restore').waitFor()
    expect(await page.getByRole('radio').count()).toBe(0)
    await keyboard.press('Alt+1')
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Skip to the view' }).press('Enter')
    expect(await tabTo(page, /^Open Ranges$/, 3)).toBe(3)

    await keyboard.press('Alt+2')
    await page.getByRole('button', { name: sweepLabel(false) }).waitFor()
    await expect.poll(() => focused(page)).toBe('Which layers to restore?')
    await tabTo(page, new RegExp(`^${sweepLabel(false)}$`), 2)
    await page.evaluate(WATCH_SHARE)
    await keyboard.press('Enter')
    // The keyboard follows the sweep and the check behind it: to Cancel, then to the answer, which is read.
    await page.getByRole('status').getByText('Check: ended').waitFor()
    await expect.poll(() => focused(page)).toMatch(/^The prompts do not fit this model/)
    expect(await page.evaluate('window.hasBlankShare')).toBe(false)
    // So too where the button that began it is taken away from the midst of others.
    await tabTo(page, new RegExp(`^${RANGES_WORDS.sweepAgain}$`), 3, 'Shift+Tab')
    await keyboard.press('Enter')
    await page.getByRole('status').getByText('Check: ended').waitFor({ state: 'detached' })
    await page
      .getByRole('status')
      .getByText(/: ended$/)
      .waitFor()
    await expect.poll(() => focused(page)).toMatch(/^The prompts do not fit this model/)

    // The selected cell, and the range that begins a layer earlier.
    await tabTo(page, /^layers? [\d–]+: /, 20)
    await keyboard.press('ArrowUp')
    const cell = await focused(page)
    const name = `Layers ${/^layers (\d–\d): /.exec(cell)?.[1] ?? ''}`
    await keyboard.press('Enter')
    await page.getByRole('heading', { name, exact: true }).waitFor()
    await keyboard.press('F6')
    await tabTo(page, new RegExp(`^${RANGES_WORDS.keep}$`), 4)
    await keyboard.press('Enter')
    await page.getByRole('button', { name: RANGES_WORDS.keepAgain }).waitFor()
    await keyboard.press('Shift+F6')
    expect(await focused(page)).toBe(cell)

    await keyboard.press('Alt+5')
    await expect.poll(() => focused(page)).toBe('Export')
    await tabTo(page, /^Layers? \d/, 2)
    await keyboard.press('ArrowDown')
    // Passing the field of other layers chooses none of them.
    await tabTo(page, /^Export$/, 8)
    await page.getByRole('button', { name: 'Export', exact: true, disabled: false }).waitFor()
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: new RegExp(`^Exported “${name}”`) }).waitFor()
    expect(await focused(page)).not.toBe('nothing')

    // A target that cannot be written is checked again on request.
    const parent = join(await temporaryFolder(), 'missing')
    await page.getByRole('textbox', { name: 'Write into' }).fill(parent)
    const again = page.getByRole('button', { name: 'Try again' })
    await again.waitFor()
    await mkdir(parent)
    await again.press('Enter')
    await again.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Export', exact: true, disabled: false }).waitFor()
  })
})

describe('the history in Chromium', () => {
  it('names a run, restores it by Undo and from the deleted runs, and keeps notes over a reload and Escape', async ({
    open
  }) => {
    const { project } = await sweptShort()
    const page = await open(project)
    const history = page.getByRole('dialog', { name: /^Runs of/ })
    const note = page.getByRole('textbox', { name: /^Note on / })
    const headline = page.getByText(/Layers 4–5/).first()
    await headline.waitFor()
    await page.keyboard.press('h')
    await history.getByRole('button', { name: /^Rename / }).click()
    await page.keyboard.type('As published')
    await page.keyboard.press('Enter')
    await history.getByText('As published', { exact: true }).waitFor()
    await history.getByRole('button', { name: 'Delete As published' }).click()
    await history.getByText(/^No runs yet/).waitFor()
    await history.getByRole('button', { name: 'Undo' }).click()
    await history.getByText('As published', { exact: true }).waitFor()

    // A note of another window does not replace what is being typed.
    const other = await open(project)
    await other
      .getByText(/Layers 4–5/)
      .first()
      .waitFor()
    await other.keyboard.press('h')
    await other.getByRole('button', { name: /^Note on / }).click()
    await other.keyboard.type('Typed elsewhere.')
    await history.getByRole('button', { name: /^Note on / }).click()
    await note.fill('First.')
    await page.keyboard.press('Escape')
    await other.getByTitle('First.').waitFor()
    await other.keyboard.press('Escape')
    await history.getByText('Typed elsewhere.').waitFor()
    await other.close()

    // The note is saved although its field is in use when the page is loaded again.
    await history.getByRole('button', { name: /^Note on / }).click()
    await note.fill('Of the run.')
    await page.reload()
    await page.getByRole('button', { name: 'Runs' }).click()
    await history.getByText('Of the run.').waitFor()
    // Escape leaves the field and not the dialog.
    await history.getByRole('button', { name: /^Note on / }).click()
    await note.fill('Of an hour.')
    await page.keyboard.press('Escape')
    await history.getByText('Of an hour.').waitFor()
    await page.keyboard.press('Escape')
    await history.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Undo/ }).click()
    await page.keyboard.press('h')
    await history.getByText('Of the run.').waitFor()

    await history.getByRole('button', { name: 'Delete As published' }).click()
    await history.getByText(/^No runs yet/).waitFor()
    await page.reload()
    await page.getByRole('button', { name: sweepLabel(false) }).waitFor()
    await page.getByRole('button', { name: 'Runs' }).click()
    await history.getByText('Deleted 1').click()
    await history.getByRole('button', { name: 'Restore' }).click()
    await history.getByText('No deleted runs.').waitFor()
    await history.getByRole('button', { name: 'Done' }).click()
    await headline.waitFor()
    expect(await page.getByRole('option', { name: /^As published, / }).count()).toBe(1)

    // Notes of the project. Control and Enter leave the field and start nothing.
    await showView(page, 'models')
    await unfold(page, 'Notes')
    const notes = page.getByLabel('Notes of the project, Markdown')
    await notes.fill('Of the project.')
    await page.reload()
    await expect.poll(() => notes.inputValue()).toBe('Of the project.')
    await notes.fill('Of the study.')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Saved', { exact: true }).waitFor()
    expect(new URL(page.url()).hash).toContain('step=models')
    // A field that loses focus and is removed at the same moment is saved once.
    await notes.fill('Of all.')
    await page.keyboard.press('Alt+2')
    await page.getByText('Saved', { exact: true }).waitFor()
    expect(await page.getByText(/Not (saved|undone)/).count()).toBe(0)
    await showView(page, 'models')
    await expect.poll(() => notes.inputValue()).toBe('Of all.')
    // A browser reports a toggled fold later, when its view may be gone.
    const fold = page.locator('details').filter({ has: notes })
    const leftFold = await fold.elementHandle()
    await showView(page, 'ranges')
    await showView(page, 'models')
    await fold.getByRole('heading', { name: 'Notes' }).click()
    await notes.waitFor({ state: 'detached' })
    await leftFold?.dispatchEvent('toggle')
  })
})

describe('the page of the server', () => {
  it("is reached from the opener's file, and from a page that says no when the address was used", async ({
    browser,
    workbench
  }) => {
    const file = join(await temporaryFolder(), 'open.html')
    const { url } = workbench
    await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">`)
    const page = await browser.newPage()
    await page.goto(pathToFileURL(file).href)
    await page.getByRole('button', { name: 'Open demo' }).waitFor()
    // The same address once more leads the same browser home, and no other.
    await page.goto(url)
    await page.getByRole('button', { name: 'Open demo' }).waitFor()
    expect(page.url()).not.toContain('token')
    allowComplaint(/status of 401/)
    const stranger = await browser.newPage()
    await stranger.goto(url)
    await stranger.getByRole('heading', { name: 'This browser has not been let in.' }).waitFor()
  })
})

it('the focus of a removed element goes to the nearest button, never into a field, and last to the heading', async ({
  browser
}) => {
  const entry = join(import.meta.dirname, '../../src/renderer/ui/keep-focus.ts')
  const lib = { entry, formats: ['iife' as const], name: 'focus', fileName: 'focus' }
  const folder = await temporaryFolder()
  await build({ configFile: false, logLevel: 'silent', build: { lib, outDir: folder } })
  const page = await browser.newPage()
  await page.setContent(`<main><h1>View</h1><ul>
    <li id="first"><input /><button id="up">Up</button><button id="down">Down</button></li>
    <li id="second"><button id="other">Other</button></li></ul></main>`)
  await page.addScriptTag({ path: join(folder, 'focus.iife.js') })
  await page.evaluate('focus.keepFocus(document.body)')
  const expectFocus = (selector: string): Promise<void> =>
    page.locator(`${selector}:focus`).waitFor({ state: 'attached' })
  await page.locator('#up').focus()
  await page.evaluate('up.remove()')
  await expectFocus('#down')
  await page.evaluate('first.parentElement.append(first)')
  await expectFocus('#down')
  await page.evaluate('first.remove()')
  await expectFocus('#other')
  await page.evaluate('second.remove()')
  await expectFocus('h1')
})
