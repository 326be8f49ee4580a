import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { browserMissing, launchBrowser, ServedWorkbench, STILL_WINDOW } from '../fixtures/browser'
import { engineOf } from '../fixtures/cli'
import { sweptDemo } from '../fixtures/swept-project'

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

  it('can be stopped, and says when it fails', async () => {
    const workbench = await ServedWorkbench.start(['--demo'], (await sweptDemo()).folder)
    const page = await browser.newPage(STILL_WINDOW)
    page.setDefaultTimeout(30_000)
    await page.goto(workbench.url)
    const result = page.getByRole('region', { name: 'Result' })
    await result.getByText('Layers 4–11, not checked yet').waitFor()
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

    // Nothing of it is told as if it had been done.
    await result.getByText('Layers 4–11, not checked yet').waitFor()
    await workbench.stop()
  })
})
