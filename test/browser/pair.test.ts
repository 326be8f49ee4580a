import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { sha256OfFile } from '../../src/main/checkpoint/file-sha256'
import { createProject } from '../../src/main/project/create-project'
import { MENU_WORDS } from '../../src/contract/words/menu-words'
import { STEPS } from '../../src/renderer/app/place'
import {
  browserMissing,
  downloadedText,
  expectAccessible,
  hoverCharts,
  it,
  showView,
  unfold
} from '../fixtures/browser'
import { takeAction } from '../fixtures/ranges-view'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../fixtures/checkpoint-builder'
import { PROMPTS, sweepFixture } from '../fixtures/project-documents'
import { demoProject } from '../fixtures/swept-project'
import { parseCsv } from '../../src/main/base/csv'

/** A folder for pictures of the view. */
const SCREENSHOTS = process.env['SLR_SCREENSHOTS']

describe.skipIf(browserMissing !== null)('the models of a project in Chromium', () => {
  async function picture(page: Page, name: string): Promise<void> {
    if (SCREENSHOTS === undefined) return
    await page.setViewportSize({ width: 1440, height: 2400 })
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
    await page.setViewportSize({ width: 1440, height: 900 })
  }

  it('shows how far each layer and component moved, exports it, and still knows it after a reload', async ({
    open
  }) => {
    const page = await open(await demoProject(), 'models')
    await unfold(page, 'Weights')
    await page.getByRole('button', { name: 'Compare the layers' }).click()

    // 12 layers: each as a whole, and its 9 components.
    const cells = page.getByRole('grid', { name: /^Relative norm by layer/ }).getByRole('gridcell')
    await cells.first().waitFor()
    expect(await cells.count()).toBe(12 * 10)
    const down = page.getByRole('gridcell', { name: 'Layer 7, down: relative norm 0.1835' })
    await down.hover()
    await page.getByText('Layer 7, down: relative norm 0.1835', { exact: true }).waitFor()
    await picture(page, 'pair-distances')
    await hoverCharts(page, 1)

    // By keyboard, from the first cell.
    await cells.first().focus()
    for (const key of ['End', 'PageDown', 'ArrowUp', 'ArrowLeft']) await page.keyboard.press(key)
    await page.getByText('Layer 10, up: relative norm 0.1763', { exact: true }).waitFor()

    await page.getByText('Cosine', { exact: true }).first().click()
    await page.getByRole('gridcell', { name: 'Layer 7, down: cosine 0.983624' }).waitFor()
    await page.getByText('All 110 components as a table').click()
    await page.getByRole('button', { name: 'Cosine' }).click()
    await takeAction(page, 'distances', MENU_WORDS.saveFigure)
    await page.getByRole('dialog').getByText('CSV', { exact: true }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'All distances' }).click()
    const csv = await downloadedText(await download)
    expect(parseCsv('distances.csv', csv)).toHaveLength(1 + 110)

    await page.reload()
    await cellsOf(page).first().waitFor()
    expect(await page.getByRole('button', { name: 'Compare the layers' }).count()).toBe(0)
  })

  it('finds a pair that was moved, says whether it is the same, hashes it and checks its values', async ({
    open
  }) => {
    const folder = await temporaryFolder()
    const [base, post] = [join(folder, 'base'), join(folder, 'post')]
    const model = checkpointFixture({ seed: 1 })
    // A NaN in BF16.
    model.tensors.find(({ name }) => name === 'lm_head.weight')?.bytes.set([0xc0, 0x7f], 2 * 9)
    await writeCheckpoint(base, model)
    await writeCheckpoint(post, model)
    const pair = { kind: 'folders' as const, base, post }
    const project = await createProject({ folder, name: 'Moved', pair, prompts: PROMPTS })
    await project.firstPair.saveSweep(sweepFixture())
    await project.close()
    await writeFile(join(project.path, 'pairs/pair-1', 'sweeps', 'damaged.json'), '{"schemaVersion": 1')
    await rename(post, join(folder, 'elsewhere'))

    const page = await open(project.path)
    const leftOut = page.getByRole('note').filter({ hasText: 'A stored sweep was left out.' })
    await leftOut.getByText(/damaged\.json/).waitFor()
    await leftOut.getByRole('button', { name: 'Dismiss' }).click()
    await leftOut.waitFor({ state: 'detached' })
    // Every step shows its results, and one line says what is missing.
    const away = page.getByRole('note').filter({ hasText: 'The model folders are not on this machine.' })
    for (const { label } of STEPS) {
      await page.getByRole('navigation').getByText(label, { exact: true }).click()
      await page.locator('[aria-current=step]').filter({ hasText: label }).waitFor()
      await away.getByRole('button', { name: 'Relocate…' }).waitFor()
      expect(await page.getByRole('alert').allInnerTexts(), label).toEqual([])
    }
    await showView(page, 'ranges')
    await page.getByRole('grid', { name: /^Diversity of every restoration range/ }).waitFor()
    await showView(page, 'models')
    await page.getByText(`There is no folder ${post}.`).waitFor()
    await page.getByRole('button', { name: 'Relocate…' }).first().click()
    const dialog = page.getByRole('dialog')
    // Taken without another key.
    await dialog.getByLabel('Post: the same model', { exact: false }).first().fill(join(folder, 'elsewhere'))
    // The stored sweep has made-up fingerprints.
    await dialog.getByText(/Other checkpoints than those of sweep of/).waitFor()
    await picture(page, 'pair-relocate')
    await dialog.getByRole('button', { name: 'Use these anyway' }).click()
    await page.getByText(/A checkpoint has changed\. Results of the earlier checkpoint: sweep of/).waitFor()

    await unfold(page, 'Weights')
    await page.getByRole('button', { name: 'Compare the layers' }).click()
    await page.getByText('2 layers are identical in base and post: 0, 1.').waitFor()
    await unfold(page, 'Specification')
    await page.getByRole('button', { name: 'Compute SHA-256' }).click()
    await page.getByRole('button', { name: 'Compute SHA-256 again' }).waitFor()
    const sha256 = await sha256OfFile(join(base, 'model.safetensors'))
    expect(await page.getByText(sha256).count()).toBe(2)
    await page.getByRole('button', { name: 'Check all values' }).click()
    await page.getByText('Post: tensor "lm_head.weight" holds NaN at [1, 1].').waitFor()
    await page.getByRole('button', { name: 'Check all values again' }).waitFor()
    await picture(page, 'pair-identical')
    await expectAccessible(page, 'a pair of identical layers')
  })
})

const cellsOf = (page: Page) => page.getByRole('gridcell', { name: /^Layer 0, whole layer: relative norm/ })
