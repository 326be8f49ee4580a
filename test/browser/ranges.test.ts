import type { Locator, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { MORE_ACTIONS } from '../../src/contract/words/menu-words'
import { CHECK_AFTERWARDS } from '../../src/contract/words/plan-words'
import { INSPECTOR_WORDS, RANGES_WORDS, SELECTION_WORDS } from '../../src/contract/words/ranges-words'
import { STEPS } from '../../src/renderer/app/place'
import { allowComplaint, expectAccessible, expectFits, hoverCharts, it, showView } from '../fixtures/browser'
import { inOrder } from '../fixtures/held-engine'
import { heightAboveCharts, inspectRange, openPlan, showTab, takeAction } from '../fixtures/ranges-view'
import { ServedWorkbench } from '../fixtures/served-workbench'
import { sweptDemo, sweptShort } from '../fixtures/swept-project'

const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 1024, height: 700 }
/** What is left of a wide window at a zoom of 200 %. */
const ZOOMED = { width: 720, height: 450 }
/** Views that look different with no answers yet; in dark colours the others are checked in `window.test.ts`. */
const DARK_HERE = new Set(['Ranges', 'Answers', 'Evaluate'])
const HEADLINE =
  /Layers 4–11: diversity 0\.458 → 0\.917 on first tokens, but base filtered by post does better/

const CHECKED_HEADLINE =
  /^Layers 5–11: diversity 0\.458 → 0\.899 on full answers, but base filtered by post does better: 0\.988\./
const SHORT_HEADLINE = /Layers 4–5: diversity 0\.540 → 0\.868 on first tokens/

describe('the workbench in Chromium', () => {
  it('takes a new user from the start to a kept range, and goes on by itself when the program was stopped and started again', async ({
    browser
  }) => {
    const workbench = await ServedWorkbench.start()
    const context = await browser.newContext({ viewport: WIDE })
    const page = await context.newPage()
    await page.goto(workbench.url)

    await page.getByRole('button', { name: 'Open demo' }).click()
    // The first screen is a measured finding, and the answer that it leads to has held on full answers.
    await page.getByRole('heading', { name: 'Your instruct model says K.' }).waitFor()
    await page.getByText('it says K 55 % of the time').waitFor()
    await page.getByRole('img', { name: 'Probability of each letter by base and post' }).waitFor()
    await expectAccessible(page, 'the first screen')
    // Opened a moment ago, it is among the recent ones.
    const rail = page.getByRole('navigation')
    await rail.getByText('Models', { exact: true }).click()
    await page.getByText('Demo project.slr').first().waitFor()
    await rail.getByText('Ranges', { exact: true }).click()
    await page.getByRole('button', { name: 'Find the layers' }).click()
    await page.getByText(CHECKED_HEADLINE).waitFor()
    expect(await page.locator('[data-range]').count()).toBe(78)
    const details = await page
      .locator('footer', { hasText: / on CPU in fp32 · 616 block\s+evaluations/ })
      .innerText()
    expect(details).toContain('431 of 688 prompt tokens')
    await inspectRange(page, '4-11')
    await page.locator('[role=img] canvas').nth(1).waitFor()
    await settle(page)
    await expect.poll(() => page.evaluate(COLORS_DRAWN), { timeout: 30_000 }).toEqual(ALL_DRAWN)
    await expectText(page, '[aria-label="How sure"]', /95 % of 1,000 resamples/)

    // Another cell: its characters beside those of base and post.
    await inspectRange(page, '8-11')
    await page.getByRole('heading', { name: 'Layers 8–11' }).waitFor()
    await page.getByRole('button', { name: 'Keep as recipe' }).click()
    const kept = { name: 'Keep again' }
    await page.getByRole('button', kept).waitFor()

    const address = page.url()
    expect(address).not.toContain('token')
    // The page looks for the program until it is back.
    allowComplaint(/^WebSocket connection to \S+ failed/)
    await workbench.stop()
    const lost = page.getByText('start it again')
    await lost.waitFor()
    const again = await ServedWorkbench.start([], workbench.folder)
    await lost.waitFor({ state: 'detached' })
    // What it shows of the project that the new process has opened can be used.
    await page.getByRole('button', { name: 'Sweep again' }).and(page.locator(':enabled')).waitFor()
    expect(page.url()).toBe(address)
    // So can another tab, and one that begins at the start.
    const tab = await context.newPage()
    await tab.goto(address)
    await tab.getByRole('button', kept).waitFor()
    await tab.getByText(CHECKED_HEADLINE).waitFor()
    // The address names the range that is inspected.
    await tab.getByRole('heading', { name: 'Layers 8–11' }).waitFor()
    await tab.goto(again.url)
    await tab.getByRole('button', { name: /Demo/ }).first().click()
    await tab.getByText(CHECKED_HEADLINE).waitFor()
    await showTab(tab, 'search')
    await tab.getByRole('button', { name: /Remove.*Layers 8–11/ }).waitFor()
    await context.close()
    await again.stop()
  })

  it('selects again, says what terms mean and where the pointer is, and survives what goes wrong in a view', async ({
    open
  }) => {
    const page = await open((await sweptDemo()).project)
    await page.getByText(HEADLINE).waitFor()

    // At once when more or less validity may be given up.
    const rho = page.getByLabel('Share of post’s validity to keep (rho)').or(page.getByLabel(/\(rho\)/))
    const allowed = await rho.inputValue()
    await rho.fill('0.97')
    await expectText(page, '[aria-label=Result]', /Layers 8–11/)
    await rho.fill('0.5')
    await expectText(page, '[aria-label=Result]', /Not worth restoring: the best range is all 12 layers/)
    await rho.fill(allowed)
    await page.getByText(HEADLINE).waitFor()

    // To the keyboard alone, until Esc.
    await page.getByRole('button', { name: RANGES_WORDS.limit }).press('Enter')
    const meaning = page.getByText('The validity, or precision, that a range must keep')
    await meaning.waitFor()
    await page.keyboard.press('Escape')
    await meaning.waitFor({ state: 'hidden' })

    // Pairs of layers are read by arrows; a combination of keys stays the browser's.
    await showTab(page, 'layers')
    await page.getByText('Pairs of layers', { exact: true }).click()
    const pairs = page.getByRole('grid', { name: /^What the two ends of a range add together/ })
    await pairs
      .getByRole('gridcell', { name: /^Layers 0 and 1:/ })
      .first()
      .focus()
    await page.keyboard.press('ArrowRight')
    const read = page.locator('b', { hasText: /^Layers 0 and 2:/ })
    await read.waitFor()
    await page.keyboard.press('Control+Home')
    expect(await read.count()).toBe(1)
    await showTab(page, 'result')

    // Heatmap and scatter point out alike what the pointer is on in one of them.
    const ring = page.locator('.ring')
    const outline = page.locator('rect.hovered')
    const cell = page.locator('[data-range="6-10"]')
    await page.locator('[role=img] canvas').first().waitFor()
    await cell.hover()
    await ring.waitFor()
    const box = await ring.boundingBox()
    if (box === null) throw new Error('the ring has gone')
    await page.mouse.move(0, 0)
    await ring.waitFor({ state: 'detached' })
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await ring.waitFor()
    expect(await ring.boundingBox()).toEqual(box)
    expect(await outline.getAttribute('x')).toBe(await cell.getAttribute('x'))
    expect(await outline.getAttribute('y')).toBe(await cell.getAttribute('y'))
    await hoverCharts(page, 1)

    // A drag and the wheel zoom, until Esc.
    const cells = page.locator('[data-range]')
    const middle = async (range: string): Promise<{ x: number; y: number }> => {
      const at = await page.locator(`[data-range="${range}"]`).boundingBox()
      if (at === null) throw new Error('the cell has gone')
      return { x: at.x + at.width / 2, y: at.y + at.height / 2 }
    }
    const [from, to] = [await middle('2-6'), await middle('5-9')]
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(to.x, to.y, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => cells.count()).toBe(16)
    await page.keyboard.press('Escape')
    await expect.poll(() => cells.count()).toBe(78)
    await page.mouse.move(to.x, to.y)
    await page.mouse.wheel(0, -60)
    await expect.poll(() => cells.count()).toBeLessThan(78)
    await page.keyboard.press('Escape')
    await expect.poll(() => cells.count()).toBe(78)
    // Shift selects: with a drag, with arrows, and by numbers. The table has the selection too.
    const selection = page.getByRole('region', { name: SELECTION_WORDS.region })
    const [first, last] = [await middle('2-6'), await middle('3-7')]
    await page.keyboard.down('Shift')
    await page.mouse.move(first.x, first.y)
    await page.mouse.down()
    await page.mouse.move(last.x, last.y, { steps: 4 })
    await page.mouse.up()
    await page.keyboard.up('Shift')
    await selection.getByText('4 models in the selection').waitFor()
    await page.locator('[data-range="4-11"]').focus()
    await page.keyboard.press('Shift+ArrowDown')
    await selection.getByText('2 models in the selection').waitFor()
    await page.getByRole('button', { name: RANGES_WORDS.table }).click()
    await selection.getByRole('button', { name: SELECTION_WORDS.clear }).click()
    await selection.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: RANGES_WORDS.table }).click()
    await page.getByRole('button', { name: `${MORE_ACTIONS}: trade-off` }).press('Enter')
    await page.locator('[role=menuitem]:focus').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByLabel('Diversity at least').fill('0.95')
    await page.keyboard.press('Enter')
    await selection.getByRole('button', { name: 'Keep' }).waitFor()
    await page.keyboard.press('Escape')
    await selection.waitFor({ state: 'detached' })

    allowComplaint(/provoked/)
    await page.evaluate(() => void Promise.reject(new Error('provoked by nobody')))
    await page.getByRole('alert').filter({ hasText: 'provoked by nobody' }).waitFor()
    await page.evaluate(() => {
      const { toFixed } = Number.prototype
      Number.prototype.toFixed = () => {
        Number.prototype.toFixed = toFixed
        throw new Error('provoked in a view')
      }
    })
    await page.getByRole('navigation').getByText('Models', { exact: true }).click()
    const broken = page.getByRole('alert').filter({ hasText: 'provoked in a view' })
    await broken.getByRole('button', { name: 'Show the view again' }).click()
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor()
    expect(await broken.count()).toBe(0)
  })

  it('draws base, post and hybrids in three colours whatever the motion, and is accessible and fits in every view, wide and narrow, light and dark', async ({
    open
  }) => {
    const page = await open((await sweptDemo()).project, 'ranges', { viewport: WIDE })
    for (const reducedMotion of ['no-preference', 'reduce'] as const) {
      if (reducedMotion === 'reduce') {
        await page.emulateMedia({ reducedMotion })
        await page.reload()
      }
      await page.getByText(HEADLINE).waitFor()
      await inspectRange(page, '4-11')
      for (const model of ['base', 'post', 'hybrid']) await page.locator(`.chip.${model}`).first().waitFor()
      await page.locator('[role=img] canvas').nth(1).waitFor()
      await settle(page)
      expect(await page.evaluate(COLORS_DRAWN), `motion ${reducedMotion}`).toEqual(ALL_DRAWN)
    }
    for (const { id, label: view } of STEPS) {
      await page.getByRole('navigation').getByText(view, { exact: true }).click()
      // A screen reader reads the heading, and the keyboard goes on from there.
      await page.locator('h1:focus').waitFor({ state: 'attached' })
      if (id === 'answers') await showView(page, 'samples')
      expect(await page.title()).toBe(`${view} · Demo – SLR Workbench`)
      for (const viewport of [WIDE, NARROW]) {
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize(viewport)
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await settle(page)
          const where = `${view}, ${viewport.width} wide, ${colorScheme}`
          // Colours do not hang on the width: each scheme and each width is looked through once.
          const lookedThrough =
            viewport === WIDE ? colorScheme === 'light' : colorScheme === 'dark' && DARK_HERE.has(view)
          await (lookedThrough ? expectAccessible : expectFits)(page, where)
        }
      }
      await page.setViewportSize(ZOOMED)
      await settle(page)
      await expectFits(page, `${view} at 200 %`)
      if (view === 'Ranges') {
        for (const viewport of [WIDE, NARROW, ZOOMED]) {
          await page.setViewportSize(viewport)
          await settle(page)
          for (const part of ['Result', 'Heatmap', 'Trade-off']) {
            const box = await page.getByRole('region', { name: part }).boundingBox()
            expect(box, part).not.toBeNull()
            expect(
              (box?.y ?? 0) + (box?.height ?? 0),
              `${part} in ${viewport.height} px`
            ).toBeLessThanOrEqual(viewport.height)
          }
          // In sight is not enough: a triangle of 20 pixels, or one of two charts beside the page, tells nobody anything.
          const triangle = await page.getByRole('region', { name: 'Heatmap' }).getByRole('grid').boundingBox()
          expect(triangle?.height, `triangle in ${viewport.height} px`).toBeGreaterThan(110)
          const aside = await page
            .locator('.main.results')
            .evaluate((main) => main.scrollWidth - main.clientWidth)
          expect(aside, `sideways in ${viewport.width} px`).toBe(0)
        }
      }
    }
  })

  it('cancels a running sweep at once and keeps the last result, and goes on with one whose engine dies', async ({
    openHeld,
    held: { engine }
  }) => {
    const page = await openHeld((await sweptShort()).project)
    await page.getByText(SHORT_HEADLINE).waitFor()
    const plan = await openPlan(page)
    await plan.getByText(/^1 prompt group ·/).waitFor()
    // A check that ends in time would change the headline.
    await plan.getByLabel(CHECK_AFTERWARDS).uncheck()
    await page.keyboard.press('Escape')
    const again = page.getByRole('button', { name: 'Sweep again' })
    const begun = engine.holdAt(inOrder('plan'))
    await again.click()
    await begun()
    // Esc leaves a field, and cancels nothing.
    await showView(page, 'prompts')
    const prompt = page.getByRole('textbox').first()
    await prompt.focus()
    await page.keyboard.press('Escape')
    expect(await prompt.evaluate((field) => field === document.activeElement)).toBe(false)
    await page.keyboard.press('Escape')
    await showView(page, 'ranges')
    // Enabled with the first event of the sweep, and disabled for good by a cancel, as the engine stands still.
    await page.locator('[aria-label=Progress] button:enabled').waitFor()
    await cancelButton(page).click()
    await again.waitFor()
    await page.getByText(SHORT_HEADLINE).waitFor()

    const within = engine.holdAt(inOrder('progress'))
    await again.click()
    await within()
    engine.kill()
    await page.getByText(/The engine process was killed by SIGKILL/).waitFor()
    await page.getByText(SHORT_HEADLINE).waitFor()
    expect(await heightAboveCharts(page), 'below a notice').toBeLessThanOrEqual(200)
    // The sweep from before and the one in which it died.
    const sweep = page.locator('footer').getByLabel('Sweep')
    const sweeps = sweep.locator('option')
    await sweeps.nth(1).waitFor({ state: 'attached' })
    expect(await sweeps.count()).toBe(2)

    // Back leads to the views and sweeps that were shown before, Forward on again, and a reload stays.
    const step = page.locator('[aria-current=step]')
    const [newer, older] = await sweeps.evaluateAll((options) =>
      options.map((option) => option.getAttribute('value'))
    )
    const shown = async (id: string | null | undefined): Promise<void> =>
      expect.poll(() => sweep.inputValue()).toBe(id)
    await sweep.selectOption(older ?? '')
    await showView(page, 'prompts')
    await showView(page, 'export')
    await page.goBack()
    await page.getByRole('heading', { name: 'Prompts', exact: true, level: 1 }).waitFor()
    await page.goBack()
    await step.filter({ hasText: 'Ranges' }).waitFor()
    expect(await sweep.inputValue()).toBe(older)
    await page.reload()
    await shown(older)
    await page.getByText(SHORT_HEADLINE).waitFor()
    await page.goBack()
    await shown(newer)
    await page.goForward()
    await shown(older)
    await page.goForward()
    await page.getByRole('heading', { name: 'Prompts', exact: true, level: 1 }).waitFor()
    // So it does through ranges and metrics; the fields of a dialog it leaves alone, and takes what is typed in others.
    await page.goBack()
    await page.getByRole('heading', { name: 'Prompts', exact: true, level: 1 }).waitFor({ state: 'detached' })
    await shown(older)
    const inspected = page.getByRole('complementary', { name: 'Inspector' }).getByRole('heading').first()
    for (const [range, name] of [
      ['1-3', 'Layers 1–3'],
      ['2-2', 'Layer 2']
    ] as const) {
      await inspectRange(page, range)
      await inspected.filter({ hasText: name }).waitFor()
    }
    await page.getByText('Gain over post', { exact: true }).click()
    await takeAction(page, 'inspector', INSPECTOR_WORDS.edit)
    await page.getByRole('dialog').getByLabel('Name').fill('Half a sen')
    await page.goBack()
    expect(await page.getByRole('dialog').getByLabel('Name').inputValue()).toBe('Half a sen')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.goBack()
    await expect.poll(() => page.getByLabel('Gain over post').isChecked()).toBe(false)
    await inspected.filter({ hasText: 'Layer 2' }).waitFor()
    await page.goBack()
    await inspected.filter({ hasText: 'Layers 1–3' }).waitFor()
    await page.goForward()
    await inspected.filter({ hasText: 'Layer 2' }).waitFor()
  })
})

/** The scatter, and the bars of the inspector. */
const ALL_DRAWN = [
  { base: true, post: true, hybrid: true },
  { base: true, post: true, hybrid: true }
]

/** For each chart of the page, whether it holds pixels in the colour of each model's chip; run in the page. */
const COLORS_DRAWN = `[...document.querySelectorAll('[role=img] canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const holds = (model) => {
    const color = getComputedStyle(document.querySelector('.chip.' + model)).color.match(/[0-9]+/g).map(Number)
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 200 && color.every((part, c) => Math.abs(data[i + c] - part) < 24)) return true
    }
    return false
  }
  return { base: holds('base'), post: holds('post'), hybrid: holds('hybrid') }
})`

/** Until what follows from an event has been drawn. */
async function settle(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  await page.waitForLoadState('networkidle')
}

function cancelButton(page: Page): Locator {
  return page.getByLabel('Progress').getByRole('button', { name: /Cancel/ })
}

async function expectText(page: Page, selector: string, expected: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: expected }).waitFor()
}
