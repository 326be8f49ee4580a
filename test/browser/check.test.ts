import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { browserMissing, it, untilProgress } from '../fixtures/browser'
import { engineOf } from '../fixtures/cli'
import { sweptDemo } from '../fixtures/swept-project'

const SCREENSHOTS = process.env['SLR_SCREENSHOTS']

describe.skipIf(browserMissing !== null)('the check on whole answers', () => {
  async function picture(page: Page, name: string): Promise<void> {
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
  }

  it('can be stopped, and says when it fails', async ({ open, workbench }) => {
    const page = await open((await sweptDemo()).project)
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
    // Under way in the engine: one that dies before is simply replaced.
    await untilProgress(page, Number.MIN_VALUE)
    process.kill(await engineOf(workbench.pid), 'SIGKILL')
    await page
      .getByRole('alert')
      .getByText(/The engine process was killed by SIGKILL/)
      .waitFor()
    await page.getByText('Nothing of this check is kept: it starts from its beginning again.').waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()

    // Nothing of it is told as if it had been done.
    await result.getByText('Layers 4–11, not checked yet').waitFor()
  })
})
