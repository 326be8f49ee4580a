import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import type { SweepDocument } from '../../src/contract/documents/crc'
import { runToEnd } from '../../src/main/base/steps'
import { checkedSelection } from '../../src/main/crc/check/checked-selection'
import { createProject } from '../../src/main/project/create-project'
import { browserMissing, expectAccessible, expectFits, it } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { comparedSweep } from '../fixtures/compared-sweeps'
import { demoPrompts } from '../fixtures/swept-project'

if (browserMissing !== null) console.log(`End-to-end tests are skipped: ${browserMissing}`)

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

describe.skipIf(browserMissing !== null)('two sweeps in Chromium', () => {
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
