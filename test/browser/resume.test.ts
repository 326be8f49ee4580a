import { CHECK_AFTERWARDS } from '../../src/contract/words/plan-words'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { browserMissing, expectAccessible, it } from '../fixtures/browser'
import { inOrder } from '../fixtures/held-engine'
import { openPlan } from '../fixtures/ranges-view'
import { demoPrompts, shortProject } from '../fixtures/swept-project'

const SCREENSHOTS = process.env['SLR_SCREENSHOTS']
const HEADLINE = /Layers 4–5: diversity 0\.540 → 0\.868 on first tokens/
/** Of one group. */
const BLOCK_EVALUATIONS = 68

describe.skipIf(browserMissing !== null)('a sweep in several prompt groups in Chromium', () => {
  async function picture(page: Page, name: string): Promise<void> {
    await expectAccessible(page, name)
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
  }

  it('is planned, stopped, resumed with the same result and less work, and computed anew', async ({
    openHeld,
    held: { engine }
  }) => {
    const page = await openHeld(await shortProject(await demoPrompts(4), { uniformBlendCount: 0 }))
    const plan = await openPlan(page)

    await plan.getByLabel(CHECK_AFTERWARDS).uncheck()
    await plan.getByText(/1 prompt group · peak .* · 68 block evaluations · .* · about/).waitFor()
    await plan.getByText('Details', { exact: true }).click()
    await plan.getByText('hidden states').waitFor()
    await picture(page, 'plan')
    const memory = plan.getByLabel('Memory')
    const allow = async (size: string): Promise<void> => {
      await memory.fill(size)
      await memory.press('Enter')
    }
    await allow('lots')
    await plan.getByText('Expected a size such as 4GB').waitFor()
    await allow('100MiB')
    const refusal = plan.getByText(/needs at least \d+ MiB of memory; 100 MiB are allowed/)
    const least = /\d+ MiB/.exec(await refusal.innerText())?.[0] ?? ''
    await picture(page, 'plan-too-small')
    await allow(least)
    const line = await plan
      .getByText(/\d+ prompt groups/)
      .first()
      .innerText()
    const groupCount = Number(/(\d+) prompt groups/.exec(line)?.[1])
    expect(groupCount).toBeGreaterThan(3)
    expect(line).toContain(`${(BLOCK_EVALUATIONS * groupCount).toLocaleString('en-US')} block evaluations`)

    await page.keyboard.press('Escape')
    const stopIn = async (button: string): Promise<void> => {
      const reached = engine.holdAt(inOrder('group', 'progress'))
      await page.getByRole('button', { name: button }).click()
      await reached()
      await page
        .getByRole('region', { name: 'Progress' })
        .getByRole('button', { name: /Cancel/ })
        .click()
    }
    await stopIn('Sweep all ranges')
    await page.getByRole('heading', { name: 'The sweep is not finished.' }).waitFor()
    const said = await page.getByText(/of 10 prompts can be reused/).innerText()
    const [known = NaN, left = NaN] = Array.from(said.matchAll(/\d+/g), ([digits]) => Number(digits)).filter(
      (n) => n !== 10
    )
    expect(known).toBeGreaterThan(0)
    expect(known + left).toBe(10)
    await openPlan(page)
    const rest = await plan.getByText(new RegExp(`^${left} prompts left: \\d+ prompt groups`)).innerText()
    const planned = /([\d,]+) block evaluations/.exec(rest)?.[1] ?? ''
    await picture(page, 'resume')
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText(HEADLINE).waitFor()
    const details = page.getByText(`${known} of 10 prompts computed by an earlier run`)
    await details.waitFor()
    // What was planned is what was done: less than all groups.
    expect(await details.innerText()).toContain(`${planned} block evaluations`)
    expect(Number(planned.replaceAll(',', ''))).toBeLessThan(BLOCK_EVALUATIONS * groupCount)

    // Another one, stopped while the last result is shown, and begun again from nothing.
    await stopIn('Sweep again')
    await page.getByText('The sweep is not finished.').waitFor()
    await picture(page, 'resume-beside-a-result')
    const within = engine.holdAt(inOrder('group', 'progress'))
    await page.getByRole('button', { name: 'Compute everything again' }).click()
    await within()
    await page.locator('[data-range="2-4"]').click()
    engine.letGo()
    await page
      .getByText(`${(BLOCK_EVALUATIONS * groupCount).toLocaleString('en-US')} block evaluations ·`)
      .waitFor()
    await page.getByText(HEADLINE).waitFor()
    expect(await page.getByText('computed by an earlier run').count()).toBe(0)
    // What was chosen while it ran is still looked at.
    await page.getByRole('heading', { name: 'Layers 2–4' }).waitFor()

    // Empty: half of this machine's memory again.
    await openPlan(page)
    await allow('')
    await plan.getByText(/^1 prompt group ·/).waitFor()
  })
})
