import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { resourcePath } from '../../src/main/base/resources'
import { browserMissing, it, showView, unfold } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { exportRecipe } from '../fixtures/exported-pair'
import { goldenPath } from '../fixtures/goldens'
import { demoProject } from '../fixtures/swept-project'

describe.skipIf(browserMissing !== null)('other checkpoints in Chromium', () => {
  it('are added, refused where they do not fit, sampled beside the pair, and missed when they moved', async ({
    open
  }) => {
    const folder = await temporaryFolder()
    const restored = join(folder, 'restored')
    const pair = { base: resourcePath('demo-pair', 'base'), post: resourcePath('demo-pair', 'post') }
    await exportRecipe(pair, { name: 'Layers 4–11', ranges: [[4, 11]] }, restored)

    const page = await open(await demoProject(), 'models')
    await unfold(page, 'Other checkpoints')
    const panel = page.getByRole('region', { name: 'Other checkpoints' })
    await panel.getByRole('button', { name: 'Add…' }).click()
    const dialog = page.getByRole('dialog')
    const typed = dialog.getByLabel('Model folder', { exact: true })
    const add = dialog.getByRole('button', { name: 'Add', exact: true })
    await typed.fill(goldenPath('qwen3', 'post-bf16'))
    await typed.press('Tab')
    await dialog
      .getByText('The family (model_type) differs: qwen3 in the checkpoint, llama in post.')
      .waitFor()
    expect(await add.isDisabled()).toBe(true)
    await typed.fill(restored)
    await typed.press('Tab')
    await dialog.getByText('It fits the pair.').waitFor()
    await add.click()

    // Its name is changed, and taking it out is taken back.
    await panel.getByRole('button', { name: 'Rename restored' }).click()
    await panel.getByLabel('New name').fill('not this')
    await panel.getByLabel('New name').press('Escape')
    await panel.getByRole('button', { name: 'Rename restored' }).click()
    await panel.getByLabel('New name').fill('mine')
    await panel.getByLabel('New name').press('Enter')
    await panel.getByRole('button', { name: 'Remove mine' }).click()
    await panel.getByText('Models of the same architecture').waitFor()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await panel.getByText('mine', { exact: true }).waitFor()

    // It answers beside base and post, as its recipe would.
    await showView(page, 'samples')
    await page.getByRole('checkbox', { name: 'mine' }).waitFor()
    await page.getByRole('button', { name: 'Generate' }).click()
    const entropy = async (variant: string): Promise<number> => {
      const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: variant }) })
      return Number(await row.getByRole('cell').nth(2).innerText())
    }
    // A draw at a near-tie may turn on another machine: 0.33 and 0.92 were measured.
    expect(await entropy('post')).toBeLessThan(0.5)
    expect(await entropy('mine')).toBeGreaterThan(0.8)

    // A project that is opened again looks where its checkpoints are.
    await rename(restored, join(folder, 'elsewhere'))
    await page.reload()
    await showView(page, 'models')
    await panel.getByText(`There is no folder ${restored}.`).waitFor()
    await panel.getByRole('button', { name: 'Relocate…' }).click()
    await typed.fill(join(folder, 'elsewhere'))
    await typed.press('Tab')
    await dialog.getByText('The fingerprint matches').waitFor()
    await dialog.getByRole('button', { name: 'Use this folder' }).click()
    await panel.getByText(join(folder, 'elsewhere')).waitFor()
    expect(await panel.getByRole('button', { name: 'Relocate…' }).count()).toBe(0)
  })
})
