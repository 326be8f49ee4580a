import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { browserMissing, it } from '../fixtures/browser'
import { inOrder } from '../fixtures/held-engine'
import { sweptShort } from '../fixtures/swept-project'

const SCREENSHOTS = process.env['SLR_SCREENSHOTS']

describe.skipIf(browserMissing !== null)('the check on whole answers', () => {
  async function picture(page: Page, name: string): Promise<void> {
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
  }

  it('can be stopped, and says when it fails', async ({ openHeld, held: { engine } }) => {
    const page = await openHeld((await sweptShort()).project)
    const result = page.getByRole('region', { name: 'Result' })
    await result.getByRole('heading', { name: /^Layers 4–5/ }).waitFor()
    expect(await result.locator('h2.doubt').count()).toBe(1)
    await picture(page, 'check-unchecked')

    const check = page.getByRole('button', { name: 'Check full answers' })
    const progress = page.getByRole('region', { name: 'Progress' })
    const under = engine.holdAt(inOrder('progress'))
    await check.click()
    await under()
    await progress.getByRole('heading', { name: 'Checking full answers' }).waitFor()
    await picture(page, 'check-running')
    await progress.getByRole('button', { name: /Cancel/ }).click()
    await progress.waitFor({ state: 'detached' })
    await result.getByRole('heading', { name: /^Layers 4–5/ }).waitFor()

    const again = engine.holdAt(inOrder('progress'))
    await check.click()
    await again()
    engine.kill()
    await page
      .getByRole('alert')
      .getByText(/The engine process was killed by SIGKILL/)
      .waitFor()
    await page.getByText('Nothing of this check is kept: it starts from its beginning again.').waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()

    // Nothing of it is told as if it had been done.
    await result.getByRole('heading', { name: /^Layers 4–5/ }).waitFor()
  })
})
