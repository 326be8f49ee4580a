import { describe, expect } from 'vitest'
import { createProject } from '../../src/main/project/create-project'
import { browserMissing, expectAccessible, it } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { comparedSweep } from '../fixtures/compared-sweeps'
import { PROMPTS } from '../fixtures/project-documents'

const LONG = 'a-model-with-a-name-that-is-longer-than-any-column-of-a-table-has-room-for-instruct-v2.5'

/** Two pairs with sweeps of 6 and of 10 layers, and one without. */
async function preparedProject(): Promise<string> {
  const folder = await temporaryFolder()
  const project = await createProject({ folder, name: 'Study', pair: { kind: 'demo' }, prompts: PROMPTS })
  await project.addPair({ kind: 'demo' }, LONG)
  await project.addPair({ kind: 'demo' }, 'Not swept')
  await project.pair('pair-1').saveSweep(comparedSweep({ id: 'small', layerCount: 6 }))
  await project.pair('pair-2').saveSweep(comparedSweep({ id: 'deep', layerCount: 10 }))
  await project.close()
  return project.path
}

describe.skipIf(browserMissing !== null)('the pairs of a project in Chromium', () => {
  it('stand side by side, are carried to each other, copied, and opened by the keyboard', async ({
    open
  }) => {
    const page = await open(await preparedProject(), 'pairs', {
      viewport: { width: 1024, height: 700 },
      permissions: ['clipboard-read', 'clipboard-write'],
      reducedMotion: 'reduce'
    })
    const table = page.getByRole('region', { name: 'Table of pairs' })
    await table.getByText('layers 3–5').waitFor()
    await table.getByText('layers 5–9').waitFor()
    await table.getByText('not swept', { exact: true }).waitFor()
    const transfer = page.getByRole('region', { name: 'Transfer of selected ranges' })
    // Half of the depth of six layers is half of the depth of ten.
    const carried = transfer.getByRole('button', { name: /5–9 · 98 % kept/ })
    expect(await carried.count()).toBe(2)
    await expectAccessible(page, 'Pairs')

    await page.getByLabel('Choose Not swept').check()
    await page.getByLabel('Choose Demo', { exact: true }).check()
    await page.getByRole('button', { name: 'Copy the table of pairs as Markdown' }).click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied.split('\n').map((line) => line.split(' | ')[0])).toEqual([
      '| Pair',
      '| :--',
      '| Demo',
      '| Not swept',
      ''
    ])
    expect(copied).toContain('| 3–5 |')

    await table.getByRole('button', { name: 'Demo', exact: true }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(/step=ranges&pair=pair-2/)
  })
})
