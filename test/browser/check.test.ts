import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  browserMissing,
  expectAccessible,
  launchBrowser,
  ServedWorkbench,
  STILL_WINDOW
} from '../fixtures/browser'
import { engineOf } from '../fixtures/cli'

const SCREENSHOTS = process.env['SLR_SCREENSHOTS']

describe.skipIf(browserMissing !== null)('the check on whole answers', { timeout: 120_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
    return () => browser.close()
  })

  async function picture(page: Page, name: string): Promise<void> {
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
  }

  it('can be stopped, says when it fails, and then takes the best range that passes and keeps the others in sight', async () => {
    const workbench = await ServedWorkbench.start(['--demo'])
    const page = await browser.newPage(STILL_WINDOW)
    page.setDefaultTimeout(30_000)
    await page.goto(workbench.url)
    await page.getByRole('button', { name: 'Sweep all ranges' }).click()
    const result = page.getByRole('region', { name: 'Result' })
    // A busy machine takes ten times as long for it as an idle one.
    await result.getByText('Layers 4–11, not checked yet').waitFor({ timeout: 90_000 })
    expect(await result.locator('.verdict.doubt').count()).toBe(1)
    await picture(page, 'check-unchecked')

    const check = page.getByRole('button', { name: 'Check whole answers' })
    const progress = page.getByRole('region', { name: 'Progress' })
    await check.click()
    await progress.getByRole('heading', { name: 'Checking whole answers' }).waitFor()
    await picture(page, 'check-running')
    await progress.getByRole('button', { name: /Cancel/ }).click()
    await progress.waitFor({ state: 'detached' })
    await result.getByText('Layers 4–11, not checked yet').waitFor()

    await check.click()
    await progress.waitFor()
    process.kill(await engineOf(workbench.pid), 'SIGKILL')
    await page
      .getByRole('alert')
      .getByText(/The engine process was killed by SIGKILL/)
      .waitFor()
    await page.getByText('Nothing of this check is kept: it starts from its beginning again.').waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()

    const other = await browser.newPage(STILL_WINDOW)
    await other.goto(workbench.url)
    await other.getByText('Layers 4–11, not checked yet').waitFor()
    await check.click()
    const holds =
      /Restore layers 5–11: diversity up from 0\.458 to 0\.899 at validity 0\.920 on whole answers/
    await expect.poll(() => result.innerText(), { timeout: 60_000 }).toMatch(holds)
    const elsewhere = other.getByRole('region', { name: 'Result' })
    await expect.poll(() => elsewhere.innerText(), { timeout: 30_000 }).toMatch(holds)
    await other.getByRole('heading', { name: 'Layers 5–11', exact: true }).waitFor()
    await other.close()
    expect(await result.locator('.verdict.hybrid').count()).toBe(1)
    const answers = page.getByRole('region', { name: 'Whole answers' })
    expect(await answers.getByRole('row', { name: /Layers 4–11/ }).innerText()).toMatch(
      /0\.916\s+0\.860\s+0\.913\s+fails/
    )
    expect(await answers.getByRole('row', { name: /Layers 8–11/ }).innerText()).toMatch(/passes/)
    await page.getByRole('heading', { name: 'Layers 5–11', exact: true }).waitFor()
    await picture(page, 'check-holds')
    await expectAccessible(page, 'Ranges after a check')

    // It is kept with the sweep.
    await page.reload()
    await expect.poll(() => result.innerText()).toMatch(holds)
    await answers.getByRole('button', { name: 'Layers 4–11' }).click()
    await page.getByRole('heading', { name: 'Layers 4–11', exact: true }).waitFor()
    await workbench.stop()
  })
})
