import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import type { SweepDocument } from '../../src/contract/documents/crc'
import { CHECK_AFTERWARDS } from '../../src/contract/words/plan-words'
import { RANGES_WORDS } from '../../src/contract/words/ranges-words'
import { NOT_MEASURED, SHOW_MEASURED } from '../../src/contract/words/what-if-words'
import { runToEnd } from '../../src/main/base/steps'
import { checkedSelection } from '../../src/main/crc/check/checked-selection'
import { createProject } from '../../src/main/project/create-project'
import { expectAccessible, expectFits, it } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { comparedSweep } from '../fixtures/compared-sweeps'
import { inOrder } from '../fixtures/held-engine'
import { openPlan } from '../fixtures/ranges-view'
import { demoProject, demoPrompts, shortProject, sweptShort } from '../fixtures/swept-project'

describe('the check on whole answers', () => {
  it('can be stopped, and says when it fails', async ({ openHeld, held: { engine } }) => {
    const page = await openHeld((await sweptShort()).project)
    const result = page.getByRole('region', { name: 'Result' })
    await result.getByRole('heading', { name: /^Layers 4–5/ }).waitFor()
    expect(await result.locator('h2.doubt').count()).toBe(1)

    const check = page.getByRole('button', { name: 'Check full answers' })
    const progress = page.getByRole('region', { name: 'Progress' })
    const under = engine.holdAt(inOrder('progress'))
    await check.click()
    await under()
    await progress.getByRole('heading', { name: 'Checking full answers' }).waitFor()
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

const PARTIAL = '[data-partial]'

describe('a preview in Chromium', () => {
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

/** A project of the demo with two sweeps that nobody has computed. @returns its folder */
async function twiceSwept(): Promise<string> {
  const project = await createProject({
    folder: await temporaryFolder(),
    name: 'Twice',
    pair: { kind: 'demo' },
    prompts: await demoPrompts()
  })
  const first = comparedSweep({ id: 'first', layerCount: 12 })
  const second: SweepDocument = {
    ...comparedSweep({ id: 'second', layerCount: 12, diversity: (start) => -0.05 * start }),
    createdAt: '2026-02-03T04:05:06.000Z',
    device: 'webgpu'
  }
  for (const sweep of [first, second]) {
    const selection = runToEnd(checkedSelection(sweep, null, 0.9))
    await project.firstPair.saveSweep({ ...sweep, selection, selected: selection?.selected ?? null })
  }
  await project.close()
  return project.path
}

describe('two sweeps in Chromium', () => {
  it('stand side by side in place of the charts, as a place of its own, until that is left', async ({
    open
  }) => {
    const page = await open(await twiceSwept(), 'ranges', { viewport: { width: 1024, height: 700 } })
    const choice = page.getByRole('combobox', { name: 'Compare with' })
    await choice.selectOption({ index: 1 })
    const verdict = page.getByRole('heading', { name: /^A selects layers 0–5, B selects layers 6–11/ })
    await verdict.waitFor()
    expect(await page.getByText('What differs: device. Differences are B − A.').count()).toBe(1)
    const cell = (range: string) => page.locator(`[data-range="${range}"]`)
    expect(await cell('0-5').getAttribute('aria-label')).toMatch(/0\.\d{3} in A, 0\.\d{3} in B, the same/)
    // No difference is the middle of the colours, white; more in B lies on one side of it.
    expect(await colorOf(page, '0-5')).toBe('247 247 247')
    expect(await colorOf(page, '11-11')).toMatch(/^8\d [34]\d 13\d$/)
    await cell('11-11').click()
    await page.getByRole('status').filter({ hasText: 'layer 11: diversity' }).waitFor()
    await page.locator('[role=img] canvas').waitFor()
    await expectAccessible(page, 'a comparison')
    await expectFits(page, 'a comparison')

    await page.getByText('Table', { exact: true }).click()
    await page.getByRole('row', { name: /^11 0\.880 0\.880 the same .* \+0\.550/ }).waitFor()
    await page.getByRole('button', { name: 'Leave comparison' }).click()
    await choice.waitFor()
    await page.goBack()
    await verdict.waitFor()
    await page.reload()
    await verdict.waitFor()
    await page.keyboard.press('Escape')
    await choice.waitFor()
    expect(page.url()).not.toContain('against')
  })
})

/** The colour that is seen in the middle of a range's cell: red, green and blue. */
const colorOf = (page: Page, range: string): Promise<string> =>
  page.evaluate<string>(`(() => {
    const cell = document.querySelector('[data-range="${range}"]').getBoundingClientRect()
    const canvas = document.querySelector('[aria-hidden] + [role=grid]').previousElementSibling
    const { left, top } = canvas.getBoundingClientRect()
    const [x, y] = [cell.left + cell.width / 2 - left, cell.top + cell.height / 2 - top]
    const read = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    read.drawImage(canvas, -x, -y)
    return read.getImageData(0, 0, 1, 1).data.slice(0, 3).join(' ')
  })()`)

const HEADLINE = /Layers 4–5: diversity 0\.540 → 0\.868 on first tokens/
/** Of one group. */
const BLOCK_EVALUATIONS = 68

describe('a sweep in several prompt groups in Chromium', () => {
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
    await expectAccessible(page, 'plan')
    const settings = page.getByRole('dialog', { name: 'Settings' })
    const memory = settings.getByLabel('Memory')
    const allow = async (size: string): Promise<void> => {
      await page.keyboard.press('Escape')
      await page.getByRole('banner').getByRole('button', { name: 'Settings' }).click()
      await memory.fill(size)
      await memory.press('Enter')
    }
    const closeSettings = async (): Promise<void> => {
      await settings.getByRole('button', { name: 'Close' }).click()
      await openPlan(page)
    }
    await allow('lots')
    await settings.getByText('Expected a size such as 4GB').waitFor()
    await allow('100MiB')
    await closeSettings()
    const refusal = plan.getByText(/needs at least \d+ MiB of memory; 100 MiB are allowed/)
    const least = /\d+ MiB/.exec(await refusal.innerText())?.[0] ?? ''
    await expectAccessible(page, 'plan-too-small')
    await allow(least)
    await closeSettings()
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
    await expectAccessible(page, 'resume')
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText(HEADLINE).waitFor()
    const details = page.locator('footer', { hasText: `${known} of 10 prompts computed by an earlier run` })
    await details.waitFor()
    // What was planned is what was done: less than all groups.
    expect(await details.innerText()).toContain(`${planned} block evaluations`)
    expect(Number(planned.replaceAll(',', ''))).toBeLessThan(BLOCK_EVALUATIONS * groupCount)

    // Another one, stopped while the last result is shown, and begun again from nothing.
    await stopIn('Sweep again')
    await page.getByText('The sweep is not finished.').waitFor()
    await expectAccessible(page, 'resume-beside-a-result')
    const within = engine.holdAt(inOrder('group', 'progress'))
    await page.getByRole('button', { name: 'Compute everything again' }).click()
    await within()
    await page.locator('[data-range="2-4"]').click()
    engine.letGo()
    const wholeWork = `${(BLOCK_EVALUATIONS * groupCount).toLocaleString('en-US')} block evaluations`
    await page.locator('footer').getByText(wholeWork).waitFor()
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
