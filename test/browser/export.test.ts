import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { it, showView } from '../fixtures/browser'
import { inspectRange, showTab } from '../fixtures/ranges-view'
import { sweptDemo } from '../fixtures/swept-project'

describe('exports in Chromium', () => {
  it('write a recipe, say how to go on, ask before replacing, and read their mergekit file back', async ({
    open,
    workbench
  }) => {
    const { project } = await sweptDemo()
    const page = await open(project)
    await inspectRange(page, '4-11')
    await page.getByRole('button', { name: 'Keep as recipe' }).click()
    await showView(page, 'export')

    // The kept recipe is what is offered first.
    const plan = page.getByRole('region', { name: 'Files to write' })
    await plan.getByText('72 tensors', { exact: false }).waitFor()
    const exportButton = page.getByRole('button', { name: 'Export', exact: true }).last()
    await exportButton.click()
    await page.getByRole('heading', { name: /^Exported “Layers 4–11”/ }).waitFor()
    const projects = join(workbench.folder, 'projects')
    const written = (await readdir(projects)).find((name) => name.startsWith('demo-pair-')) ?? ''
    expect(written).toBe('demo-pair-Layers-4-11')
    const card = await readFile(join(projects, written, 'README.md'), 'utf8')
    expect(card).toMatch(/\| 0\.917 \(post 0\.\d{3}\) \| 0\.916 \(limit 0\.\d{3}\) \|/)
    await page.getByText(`vllm serve ${join(projects, written)}`).waitFor()

    // It can be compared with the pair at once.
    await page.getByRole('button', { name: 'Add to this project' }).click()
    await page.getByRole('button', { name: 'Added to this project' }).waitFor()

    // There is a model now: it is replaced only when that is asked for.
    await page.getByText('The folder has a model already.').waitFor()
    expect(await exportButton.isDisabled()).toBe(true)
    await page.getByLabel('Layers to restore').fill('3-7,9-9')
    await page.getByLabel('Name of the new folder').fill(written)
    await page.getByLabel('Replace the existing model').check()
    await plan.getByText('54 tensors', { exact: false }).waitFor()
    await exportButton.click()
    await page.getByRole('heading', { name: /^Replaced “Layers 3-7,9”/ }).waitFor()
    await page.getByText(`rm -r ${join(projects, written)}.replaced`).waitFor()

    // What cannot be written is said beside the folder.
    await mkdir(join(projects, 'Notes'))
    await writeFile(join(projects, 'Notes', 'notes.txt'), '')
    await page.getByLabel('Name of the new folder').fill('Notes')
    await page.getByText('is not empty and holds no model').waitFor()

    await showView(page, 'ranges')
    await showTab(page, 'search')
    await page.getByLabel('mergekit file to import').setInputFiles(join(projects, written, 'mergekit.yaml'))
    await page.getByRole('button', { name: 'Rename Layers 3-7,9' }).waitFor()
  })
})
