import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserMissing, complaintsOf, launchBrowser, ServedWorkbench } from './fixtures/browser'

const SCREENSHOTS = process.env['SLR_SCREENSHOTS']

describe.skipIf(browserMissing !== null)('evaluations in Chromium', { timeout: 90_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  it('compare base and post, lead to the answers behind a value, and survive a reload', async () => {
    const workbench = await ServedWorkbench.start(['--demo'])
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(30_000)
    const complaints = complaintsOf(page)
    await page.goto(workbench.url)
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    await page.getByRole('navigation').getByText('Evaluate', { exact: true }).click()
    await page.getByRole('combobox', { name: 'Task', exact: true }).selectOption('demo-open')
    await page.getByRole('spinbutton', { name: 'Answers per prompt' }).fill('3')
    await page.getByRole('button', { name: 'Run evaluation' }).click()
    await page.getByRole('heading', { name: 'All measures' }).waitFor()
    const table = page.getByRole('region', { name: 'Measures of all variants' })
    expect(await table.getByRole('rowheader').allInnerTexts()).toEqual(['base', 'post'])

    await page.getByRole('button', { name: /answers of base to prompt 1$/ }).click()
    await page.getByRole('region', { name: 'Answers to prompt 1' }).getByText('of 3').first().waitFor()
    await page.getByRole('img', { name: /^Map of 6 answers/ }).waitFor()
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, 'evaluate-results.png') })

    await page.reload()
    await page.getByRole('heading', { name: 'All measures' }).waitFor()
    expect(complaints).toEqual([])
    await workbench.stop()
  })
})
