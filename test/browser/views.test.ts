import { describe, expect } from 'vitest'
import { stepOf, STEPS } from '../../src/renderer/app/place'
import { browserMissing, expectAccessible, it, showView, unfold } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { fullProject } from '../fixtures/full-project'

if (browserMissing !== null) console.log(`The tests of all views are skipped: ${browserMissing}`)

const WIDE = { width: 1440, height: 900 }

/** Dark and narrow, and as at a zoom of 200 % with the system's own colours: what other tests do not look at. */
const LOOKS = [
  { name: 'dark', viewport: { width: 1024, height: 700 }, colorScheme: 'dark', forcedColors: 'none' },
  { name: 'zoomed', viewport: { width: 720, height: 450 }, colorScheme: 'light', forcedColors: 'active' }
] as const

describe.skipIf(browserMissing !== null)('every view in Chromium', () => {
  it('is accessible and fits, dark, zoomed and in the system’s colours, and the keyboard stays in it', async ({
    open
  }) => {
    const page = await open(await fullProject(await temporaryFolder()), 'evaluate')
    for (const view of STEPS.flatMap(({ views }) => views)) {
      // A narrow bar of Ranges has no link to the prompts.
      await page.setViewportSize(WIDE)
      await showView(page, view)
      if (stepOf(view) !== 'answers') await page.locator('h1:focus').waitFor({ state: 'attached' })
      await page.waitForLoadState('networkidle')
      for (const { name, viewport, ...media } of LOOKS) {
        await page.setViewportSize(viewport)
        await page.emulateMedia({ ...media, reducedMotion: 'reduce' })
        await expectAccessible(page, `${view}, ${name}`)
      }
    }

    // Results lead on to the next step.
    await showView(page, 'samples')
    const main = page.getByRole('main')
    await main.getByRole('link', { name: 'Evaluate' }).click()
    await main.getByRole('link', { name: 'Export' }).click()
    await main.getByRole('heading', { name: 'Export', exact: true }).waitFor()

    // What had the keyboard is gone: it goes on with what is like it, and else where that was.
    await page.setViewportSize(WIDE)
    await showView(page, 'prompts')
    await page.getByRole('button', { name: 'Delete prompt 1' }).press('Enter')
    await page.getByText('1 prompt in').waitFor()
    const focused = page.locator(':focus')
    await expect.poll(() => focused.getAttribute('aria-label')).toBe('Delete prompt 1')
    // Of the prompts only the current one has stops of the Tab key, and arrows lead from one to the next.
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
