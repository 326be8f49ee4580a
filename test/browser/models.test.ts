import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { MENU_WORDS } from '../../src/contract/words/menu-words'
import { MODELS_AWAY } from '../../src/contract/words/pair-words'
import { parseCsv } from '../../src/main/base/csv'
import { createProject } from '../../src/main/project/create-project'
import { openProject } from '../../src/main/project/open-project'
import { withCheckpoint } from '../../src/main/project/pair/kept-checkpoints'
import { STEPS } from '../../src/renderer/app/place'
import { downloadedText, expectAccessible, it, showView, unfold } from '../fixtures/browser'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../fixtures/checkpoint-builder'
import { comparedSweep } from '../fixtures/compared-sweeps'
import { inOrder } from '../fixtures/held-engine'
import { PROMPTS, sweepFixture } from '../fixtures/project-documents'
import { writeStage } from '../fixtures/lineage'
import { takeAction } from '../fixtures/ranges-view'
import { demoPrompts, shortPair, shortProject } from '../fixtures/swept-project'
import { openDemo } from '../fixtures/open-demo'

const LONG = 'a-model-with-a-name-that-is-longer-than-any-column-of-a-table-has-room-for-instruct-v2.5'

/** Two pairs with sweeps of 6 and of 10 layers, and one without. */
async function projectOfThreePairs(): Promise<string> {
  const project = await openDemo({ name: 'Study' })
  await project.addPair({ kind: 'demo', pair: 'blend' }, LONG)
  await project.addPair({ kind: 'demo', pair: 'blend' }, 'Not swept')
  await project.pair('pair-1').saveSweep(comparedSweep({ id: 'small', layerCount: 6 }))
  await project.pair('pair-2').saveSweep(comparedSweep({ id: 'deep', layerCount: 10 }))
  await project.close()
  return project.path
}

describe('the models of a project in Chromium', () => {
  it('can be changed once another program has ended, are compared by the keyboard, copied, and lead to a pair', async ({
    open
  }) => {
    const writer = await openProject(await projectOfThreePairs())
    const page = await open(writer.path, 'prompts', {
      viewport: { width: 1024, height: 700 },
      reducedMotion: 'reduce'
    })
    await page.getByText('Another program writes this project.').waitFor()
    expect(await page.getByLabel('Text of prompt 1', { exact: true }).isEditable()).toBe(false)
    expect(await page.getByLabel('System prompt').isEditable()).toBe(false)
    for (const name of ['Import…', 'Add prompt', 'Delete prompt 1'])
      expect(await page.getByRole('button', { name, exact: true }).isDisabled(), name).toBe(true)
    await expectAccessible(page, 'a project that another program writes')
    await writer.close()
    await page.getByRole('button', { name: 'Change it here' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    expect(await page.getByLabel('System prompt').isEditable()).toBe(true)

    await showView(page, 'models')
    await unfold(page, 'Weights')
    await page.getByRole('button', { name: 'Compare the layers' }).click()
    const cells = page.getByRole('grid', { name: /^Relative norm by layer/ }).getByRole('gridcell')
    await cells.first().waitFor()
    const down = page.getByRole('gridcell', { name: 'Layer 7, down: relative norm 0.1835' })
    await down.hover()
    await page.getByText('Layer 7, down: relative norm 0.1835', { exact: true }).waitFor()
    await cells.first().focus()
    for (const key of ['End', 'PageDown', 'ArrowUp', 'ArrowLeft']) await page.keyboard.press(key)
    await page.getByText('Layer 10, up: relative norm 0.1763', { exact: true }).waitFor()
    await takeAction(page, 'distances', MENU_WORDS.saveFigure)
    await page.getByRole('dialog').getByText('CSV', { exact: true }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'All distances' }).click()
    const csv = await downloadedText(await download)
    expect(parseCsv('distances.csv', csv)).toHaveLength(1 + 110)
    await page.reload()
    await cells.first().waitFor()

    const table = page.getByRole('region', { name: 'Table of pairs' })
    await table.getByText('layers 5–9').waitFor()
    await expectAccessible(page, 'Models with several pairs')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByLabel('Choose Not swept').check()
    const name = table.getByRole('button', { name: 'Not swept', exact: true })
    const lines = await name.evaluate((button) => {
      const [box, text] = [button.previousElementSibling, button.querySelector('span')]
      if (box === null || text === null) throw new Error('the row has no checkbox or no name')
      const before = text.textContent
      text.textContent = 'a long name of a pair '.repeat(4)
      const tops = [box, button].map((element) => element.getBoundingClientRect().top)
      text.textContent = before
      return tops
    })
    expect(Math.abs((lines[0] ?? NaN) - (lines[1] ?? NaN)), 'checkbox and long name').toBeLessThan(12)
    await page.getByLabel('Choose Blend demo', { exact: true }).check()
    await takeAction(page, 'Table of pairs', MENU_WORDS.copyAs('Markdown'))
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied.split('\n').map((line) => line.split(' | ')[0])).toEqual([
      '| Pair',
      '| :--',
      '| Blend demo',
      '| Not swept',
      ''
    ])
    await table.getByRole('button', { name: 'Blend demo', exact: true }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(/step=ranges&pair=pair-2/)
  })

  it('may be missing: every view shows its results, until the models are located', async ({ open }) => {
    const folder = await temporaryFolder()
    const [base, post] = [join(folder, 'base'), join(folder, 'post')]
    for (const path of [base, post]) await writeCheckpoint(path, checkpointFixture({ seed: 1 }))
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
    const away = page.getByRole('note').filter({ hasText: MODELS_AWAY })
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
    const field = dialog.getByLabel('Post: the same model', { exact: false }).first()
    await field.fill('abc')
    const problem = dialog.getByText(/^There is no folder .*abc\.$/)
    await problem.waitFor()
    // An error goes when the text changes. Text with a space at its end is read when its field is left.
    await field.fill('abc d ')
    await problem.waitFor({ state: 'detached' })
    // Other text is read without another key.
    await field.fill(join(folder, 'elsewhere'))
    // The stored sweep has made-up fingerprints.
    await dialog.getByText(/Other checkpoints than those of sweep of/).waitFor()
    await dialog.getByRole('button', { name: 'Use these anyway' }).click()
    await page.getByText(/A checkpoint has changed\. Results of the earlier checkpoint: sweep of/).waitFor()
  })
})

describe('a lineage in Chromium', () => {
  it('is planned, stopped, resumed and shown again after a reload', async ({ openHeld, held: { engine } }) => {
    const path = await shortProject(await demoPrompts(5))
    const project = await openProject(path)
    const stage = await writeStage(
      await shortPair(),
      join(await temporaryFolder(), 'sft'),
      Array.from({ length: 6 }, (_, layer) => ({ attention: layer < 2 ? 1 : 0, mlp: layer < 2 ? 1 : 0 }))
    )
    await project.firstPair.edit((document) => withCheckpoint(document, 'sft', stage))
    await project.close()
    const page = await openHeld(path, 'models')
    await unfold(page, 'Other checkpoints')
    await page.getByRole('link', { name: 'Compare stages…' }).click()
    await page
      .getByText(/block evaluations?/)
      .first()
      .waitFor()
    await page.getByLabel('sft', { exact: true }).uncheck()
    await page.getByLabel('sft', { exact: true }).check()
    const reached = engine.holdAt(inOrder('plan', 'progress'))
    await page.getByRole('button', { name: 'Compare the stages' }).click()
    await reached()
    await page.reload()
    const progress = page.getByRole('region', { name: 'Progress' })
    await progress.getByText('Sweeping').waitFor()
    await progress.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText(/^Stopped/).waitFor()
    const killed = engine.holdAt(inOrder('plan', 'progress'))
    await page.getByRole('button', { name: 'Resume' }).click()
    await killed()
    engine.kill()
    // The first loss of the engine is recovered from.
    await engine.holdAt(inOrder('progress'))()
    engine.kill()
    await page.getByText(/^Failed/).waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('heading', { name: 'Most diversity was lost from base to sft' }).waitFor()
    await page.reload()
    await page.getByText('sft changed only layers 2–5.').waitFor()
    const cells = page.getByRole('grid', { name: /by stage and layer$/ }).getByRole('gridcell')
    await cells.first().focus()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('status').filter({ hasText: 'sft, layer 1: diversity 0.000' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Layers of sft' }).waitFor()
    await takeAction(page, 'map of the lineage', MENU_WORDS.saveFigure)
    await page.getByRole('dialog').getByText('CSV', { exact: true }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'All numbers' }).click()
    // Three pairs of stages with six layers, and two stages in all layers and three groups of two.
    expect(parseCsv('map.csv', await downloadedText(await download))).toHaveLength(1 + 18 + 8)
    await expectAccessible(page, 'lineage')
    await page.goBack()
    await page.getByRole('heading', { name: 'Other checkpoints' }).waitFor()
  })
})

describe('the queue in Chromium', () => {
  it('is there after a reload, and the keyboard stays with a job that is moved', async ({
    openHeld,
    held: { engine }
  }) => {
    const path = await shortProject(await demoPrompts(4))
    const project = await openProject(path)
    await project.duplicatePair('pair-1')
    await project.duplicatePair('pair-1')
    await project.close()
    const page = await openHeld(path, 'models')
    const reached = engine.holdAt(inOrder('plan'))
    await unfold(page, 'Queue')
    await page.getByRole('button', { name: 'Sweep all pairs' }).click()
    await reached()
    await page.reload()
    const jobs = page.getByRole('region', { name: 'Queue' }).getByRole('listitem')
    await expect
      .poll(() => jobs.allInnerTexts())
      .toEqual([
        expect.stringMatching(/Sweep\s+Running/),
        expect.stringMatching(/Sweep\s+Waiting/),
        expect.stringMatching(/Sweep\s+Waiting/)
      ])
    await expectAccessible(page, 'queue')
    const [, moved] = await jobs.evaluateAll((all) => all.map((job) => job.getAttribute('aria-label')))
    await page.getByRole('button', { name: `Move ${moved} down` }).press('Enter')
    await expect.poll(() => jobs.nth(2).getAttribute('aria-label')).toBe(moved)
    const focused = page.locator(':focus')
    await expect.poll(() => focused.getAttribute('aria-label')).toBe(`Move ${moved} up`)
    await page.keyboard.press('Enter')
    await expect.poll(() => jobs.nth(1).getAttribute('aria-label')).toBe(moved)
    await expect.poll(() => focused.getAttribute('aria-label')).toBe(`Move ${moved} up`)
  })
})
