import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  allowComplaint,
  browserMissing,
  expectAccessible,
  expectFits,
  hoverCharts,
  launchBrowser,
  ServedWorkbench
} from '../fixtures/browser'
import { engineOf } from '../fixtures/cli'
import { sweptDemo, sweptShort } from '../fixtures/swept-project'

if (browserMissing !== null) console.log(`End-to-end tests are skipped: ${browserMissing}`)

/** A folder for pictures of every view, to look at. */
const SCREENSHOTS = process.env['SLR_SCREENSHOTS']
const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 1024, height: 700 }
type PageLook = Pick<BrowserContextOptions, 'reducedMotion'>
const HEADLINE = /Layers 4–11, not checked yet: diversity up from 0\.458 to 0\.917 at validity 0\.916/

const SHORT_HEADLINE = /Layers 4–5, not checked yet: diversity up from 0\.531 to 0\.857 at validity 0\.893/

describe.skipIf(browserMissing !== null)('the workbench in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  async function open(workbench: ServedWorkbench, look: PageLook = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: WIDE, ...look })
    page.setDefaultTimeout(30_000)
    await page.goto(workbench.url)
    return page
  }

  async function sweepDemo(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Sweep all ranges' }).click()
    // A busy machine takes ten times as long for it as an idle one: the test's own limit is the only one.
    await page.getByRole('button', { name: 'Sweep again' }).waitFor({ timeout: 0 })
    await page.getByText(HEADLINE).waitFor()
  }

  it('takes a new user from the start to a kept range, which is there after a restart', async () => {
    const workbench = await ServedWorkbench.start()
    const page = await open(workbench)

    await page.getByRole('button', { name: 'Open demo' }).click()
    await page.getByText('78 ranges').waitFor()
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    // Opened a moment ago, it is among the recent ones.
    const rail = page.getByRole('navigation')
    await rail.getByText('Start', { exact: true }).click()
    await page.getByText('Demo.slr').first().waitFor()
    await rail.getByText('Ranges', { exact: true }).click()
    await sweepDemo(page)
    expect(await page.locator('[data-range]').count()).toBe(78)
    const details = await page.getByText(/616 block\s+evaluations/).innerText()
    expect(details).toContain('431 of 688 prompt tokens')
    await settle(page)
    expect(await page.evaluate(COLORS_DRAWN), 'drawn while it was computed').toEqual(ALL_DRAWN)
    await expectText(page, '[aria-label=Result]', /95 % of 1,000 resamplings/)

    // Another cell: its characters beside those of base and post.
    await page.locator('[data-range="8-11"]').click()
    await page.getByRole('heading', { name: 'Layers 8–11' }).waitFor()
    await page.getByRole('button', { name: 'Keep as recipe' }).click()
    await page.getByRole('button', { name: /Remove.*Layers 8–11/ }).waitFor()

    await page.reload()
    await page.getByText(HEADLINE).waitFor()
    await workbench.stop()

    const again = await ServedWorkbench.start([], workbench.folder)
    const later = await open(again)
    await later.getByRole('button', { name: /Demo/ }).first().click()
    await later.getByText(HEADLINE).waitFor()
    await later.getByRole('button', { name: /Remove.*Layers 8–11/ }).waitFor()
    await again.stop()
  })

  describe('with a swept demo', () => {
    let workbench: ServedWorkbench
    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'slr-swept-'))
      await sweptDemo(folder)
      workbench = await ServedWorkbench.startShared(['--demo'], folder)
      return async () => {
        await workbench.stop()
        await rm(folder, { recursive: true, force: true })
      }
    })

    /** A page of its own on the finished sweep. */
    async function openSwept(look: PageLook = { reducedMotion: 'reduce' }): Promise<Page> {
      const page = await open(workbench, look)
      onTestFinished(() => page.close())
      await page.getByText(HEADLINE).waitFor()
      return page
    }

    it('selects again at once when more or less validity may be given up', async () => {
      const page = await openSwept()
      const rho = page.getByLabel('Share of post’s validity to keep (rho)').or(page.getByLabel(/\(rho\)/))
      const allowed = await rho.inputValue()
      await rho.fill('0.97')
      await expectText(page, '[aria-label=Result]', /Layers 8–11/)
      await rho.fill('0.5')
      await expectText(page, '[aria-label=Result]', /Not worth restoring: the best range is all 12 layers/)
      await rho.fill(allowed)
      await page.getByText(HEADLINE).waitFor()
    })

    it('says what a term means to the keyboard alone, until Esc', async () => {
      const page = await openSwept()
      await page.getByRole('button', { name: "of post's validity" }).press('Enter')
      const meaning = page.getByText('The validity, or precision, that a range must keep')
      await meaning.waitFor()
      await page.keyboard.press('Escape')
      await meaning.waitFor({ state: 'hidden' })
    })

    it('points out in heatmap and scatter alike what the pointer is on in one of them', async () => {
      const page = await openSwept()
      const ring = page.locator('.ring')
      const outline = page.locator('rect.hovered')
      const cell = page.locator('[data-range="6-10"]')
      await page.locator('canvas').nth(1).waitFor()
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
      await hoverCharts(page, 2)
    })

    it.each(['no-preference', 'reduce'] as const)(
      'draws base, post and hybrids in three colours when motion is set to %s',
      async (reducedMotion) => {
        const page = await openSwept({ reducedMotion })
        for (const model of ['base', 'post', 'hybrid']) await page.locator(`.chip.${model}`).first().waitFor()
        await page.locator('canvas').nth(1).waitFor()
        await settle(page)
        expect(await page.evaluate(COLORS_DRAWN)).toEqual(ALL_DRAWN)
      }
    )

    it('is accessible and fits in every view, wide and narrow, light and dark', async () => {
      const page = await openSwept()
      for (const view of ['Start', 'Pair', 'Prompts', 'Ranges', 'Samples', 'Evaluate', 'Export']) {
        await page.getByRole('navigation').getByText(view, { exact: true }).click()
        for (const viewport of [WIDE, NARROW]) {
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.setViewportSize(viewport)
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
            await settle(page)
            const where = `${view}, ${viewport.width} wide, ${colorScheme}`
            // Colours do not hang on the width: each scheme and each width is looked through once.
            const lookedThrough = (viewport === WIDE) === (colorScheme === 'light')
            await (lookedThrough ? expectAccessible : expectFits)(page, where)
            if (SCREENSHOTS !== undefined) {
              const name = `${view.toLowerCase()}-${colorScheme}-${viewport.width}.png`
              await page.screenshot({ path: join(SCREENSHOTS, name) })
            }
          }
        }
      }
    })

    it('says what went wrong inside itself, and shows a view that broke again when asked', async () => {
      const page = await openSwept()
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
      await page.getByRole('navigation').getByText('Pair', { exact: true }).click()
      const broken = page.getByRole('alert').filter({ hasText: 'provoked in a view' })
      await broken.getByRole('button', { name: 'Show the view again' }).click()
      await page.getByRole('heading', { name: 'Other checkpoints' }).waitFor()
      expect(await broken.count()).toBe(0)
    })
  })

  describe('with a swept short pair', () => {
    let workbench: ServedWorkbench
    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'slr-swept-'))
      const { project } = await sweptShort(folder)
      workbench = await ServedWorkbench.startShared([project], folder)
      return async () => {
        await workbench.stop()
        await rm(folder, { recursive: true, force: true })
      }
    })

    async function openShort(): Promise<Page> {
      const page = await open(workbench, { reducedMotion: 'reduce' })
      await page.getByText(SHORT_HEADLINE).waitFor()
      return page
    }

    it('cancels a running sweep at once and keeps the last result', async () => {
      const page = await openShort()
      await page
        .getByRole('region', { name: 'Plan of the next sweep' })
        .getByText(/^1 prompt group ·/)
        .waitFor()
      const engine = await sweepAgainHeldStill(workbench, page)
      // Esc leaves a field, and cancels nothing.
      await page.getByRole('navigation').getByText('Prompts', { exact: true }).click()
      const prompt = page.getByRole('textbox').first()
      await prompt.focus()
      await page.keyboard.press('Escape')
      expect(await prompt.evaluate((field) => field === document.activeElement)).toBe(false)
      await page.keyboard.press('Escape')
      await page.getByRole('navigation').getByText('Ranges', { exact: true }).click()
      // Enabled with the first event of the sweep, and disabled for good by a cancel, as the engine stands still.
      await page.locator('[aria-label=Progress] button:enabled').waitFor()
      await cancelButton(page).click()
      process.kill(engine, 'SIGCONT')
      await page.getByRole('button', { name: 'Sweep again' }).waitFor()
      await page.getByText(SHORT_HEADLINE).waitFor()
    })

    it('goes on with a sweep whose engine dies, and says that it died', async () => {
      const page = await openShort()
      await page.getByRole('button', { name: 'Sweep again' }).click()
      // Under way in the engine: one that dies before is simply replaced.
      await page.waitForFunction(() => (document.querySelector('progress')?.value ?? 0) > 0)
      process.kill(await engineOf(workbench.pid), 'SIGKILL')
      await page.getByText(/The engine process was killed by SIGKILL/).waitFor()
      await page.getByText(SHORT_HEADLINE).waitFor()
      // The sweep from before and the one in which it died.
      const sweeps = page.locator('label').filter({ hasText: 'Sweep' }).locator('option')
      await sweeps.nth(1).waitFor({ state: 'attached' })
      expect(await sweeps.count()).toBe(2)

      // Back leads to the views and sweeps that were shown before, Forward on again, and a reload stays.
      const step = page.locator('[aria-current=step]')
      const sweep = page.getByRole('combobox', { name: 'Sweep' })
      const [newer, older] = await sweeps.evaluateAll((options) =>
        options.map((option) => option.getAttribute('value'))
      )
      await sweep.selectOption(older ?? '')
      await page.getByRole('navigation').getByText('Prompts', { exact: true }).click()
      await page.getByRole('navigation').getByText('Export', { exact: true }).click()
      await page.goBack()
      await step.filter({ hasText: 'Prompts' }).waitFor()
      await page.goBack()
      await step.filter({ hasText: 'Ranges' }).waitFor()
      expect(await sweep.inputValue()).toBe(older)
      await page.reload()
      await expect.poll(() => sweep.inputValue()).toBe(older)
      await page.goBack()
      await expect.poll(() => sweep.inputValue()).toBe(newer)
      await page.goForward()
      await expect.poll(() => sweep.inputValue()).toBe(older)
      await page.goForward()
      await step.filter({ hasText: 'Prompts' }).waitFor()
    })
  })
})

/** The scatter, and the bars of the inspector. */
const ALL_DRAWN = [
  { base: true, post: true, hybrid: true },
  { base: true, post: true, hybrid: true }
]

/** For each canvas of the page, whether it holds pixels in the colour of each model's chip; run in the page. */
const COLORS_DRAWN = `[...document.querySelectorAll('canvas')].map((canvas) => {
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

/** Starts another sweep whose engine stands still, so that it is surely under way. @returns the engine's process id */
async function sweepAgainHeldStill(workbench: ServedWorkbench, page: Page): Promise<number> {
  const engine = await engineOf(workbench.pid)
  process.kill(engine, 'SIGSTOP')
  await page.getByRole('button', { name: 'Sweep again' }).click()
  await cancelButton(page).waitFor()
  return engine
}

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
