import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { NOT_MEASURED, SHOW_MEASURED } from '../../src/contract/words/what-if-words'
import { browserMissing, expectAccessible, it } from '../fixtures/browser'
import { CHECK_AFTERWARDS } from '../../src/contract/words/plan-words'
import { RANGES_WORDS } from '../../src/contract/words/ranges-words'
import { openPlan } from '../fixtures/ranges-view'
import { demoProject } from '../fixtures/swept-project'

const SCREENSHOTS = process.env['SLR_SCREENSHOTS']
const PARTIAL = '[data-partial]'

describe.skipIf(browserMissing !== null)('a preview in Chromium', () => {
  it('shows what is exact and what is estimated, and leaves the rest to the sweep that completes it', async ({
    open
  }) => {
    const page = await open(await demoProject(2))
    const plan = await openPlan(page)
    await plan.getByLabel(CHECK_AFTERWARDS).uncheck()
    await plan.getByLabel('Preview', { exact: true }).check()
    await plan.getByText(/finalists on all · at most 2\d % of the work/).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Preview all ranges' }).click()

    const result = page.getByRole('region', { name: 'Result' })
    await result.getByText(/By a preview, layers 4–11/).waitFor()
    await result.getByText(/of 78 ranges exact; .* chance that a full sweep selects another range/).waitFor()
    const estimated = await page.locator(PARTIAL).count()
    expect(estimated).toBeGreaterThan(60)
    expect(estimated).toBeLessThan(78)
    await page.locator('[data-range="6-9"]').hover()
    await page.getByText(/estimated from \d+ of 20 prompts, ± 95 % interval/).waitFor()
    await page.locator('[data-range="6-9"]').click()
    await page.getByRole('heading', { name: /^Scores, estimated from \d+ of 20 prompts$/ }).waitFor()
    await expectAccessible(page, 'preview')
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, 'preview.png') })

    await page.getByRole('button', { name: 'Sweep the rest' }).click()
    await result.getByText(/of 78 ranges exact/).waitFor({ state: 'detached' })
    await result.getByText(/^Layers 4–11/).waitFor()
    await page.locator(PARTIAL).first().waitFor({ state: 'detached' })
    expect(await page.locator('[data-range]').count()).toBe(78)

    // What is outlined follows what is asked, and the charts stay where they are.
    const outlined = page.getByText(/: layers 4–11 alone: .* of resamples/)
    await outlined.waitFor()
    const charts = page.getByRole('region', { name: 'Heatmap' })
    await page.getByRole('button', { name: RANGES_WORDS.limit }).click()
    const before = await charts.boundingBox()
    await page.getByRole('slider', { name: /^Temperature/ }).press('End')
    await page.getByText(/Post itself fails under this sampler/).waitFor()
    await result.getByText(NOT_MEASURED).waitFor()
    await outlined.waitFor({ state: 'detached' })
    expect(await charts.boundingBox()).toEqual(before)
    await page.keyboard.press('Escape')
    await result.getByRole('button', { name: SHOW_MEASURED }).click()
    await outlined.waitFor()
  })
})
