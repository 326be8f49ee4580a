import { describe, expect } from 'vitest'
import { createProject } from '../../src/main/project/create-project'
import { openProject } from '../../src/main/project/open-project'
import { STUDIES } from '../../src/main/project/documents/stored-documents'
import { browserMissing, expectAccessible, it } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { comparedSweep } from '../fixtures/compared-sweeps'
import { PROMPTS } from '../fixtures/project-documents'
import { takeAction } from '../fixtures/ranges-view'
import { MENU_WORDS } from '../../src/contract/words/menu-words'

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
    const page = await open(await preparedProject(), 'models', {
      viewport: { width: 1024, height: 700 },
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
    await expectAccessible(page, 'Models with several pairs')

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByLabel('Choose Not swept').check()
    await page.getByLabel('Choose Demo', { exact: true }).check()
    await takeAction(page, 'Table of pairs', MENU_WORDS.copyAs('Markdown'))
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

  it('are looked at while a study writes the project, and can be changed once it has ended', async ({
    open
  }) => {
    const writer = await openProject(await preparedProject())
    const step = { pair: 'Demo', task: null, seconds: null, problem: null }
    await STUDIES.write(writer.path, {
      ...{
        schemaVersion: 1,
        name: 'Night',
        file: '/studies/night.yaml',
        startedAt: '2026-01-01T00:00:00.000Z'
      },
      ...{ lock: writer.lockToken, ended: null },
      steps: [
        {
          ...step,
          key: 'Demo/sweep',
          kind: 'sweep',
          state: 'running',
          progress: { share: 0.5, secondsLeft: 90 }
        },
        {
          ...step,
          key: 'Demo/report',
          kind: 'report',
          state: 'waiting',
          progress: { share: null, secondsLeft: null }
        }
      ]
    })
    const page = await open(writer.path, 'ranges', { viewport: { width: 1024, height: 700 } })
    const line = page.getByText(
      'The study “Night” runs into this project. Step 1 of 2, Demo/sweep: about 1 min 30 s left'
    )
    await line.waitFor()
    await page.getByRole('button', { name: 'Show its steps' }).click()
    await page.getByRole('listitem', { name: 'Demo/sweep' }).getByText('Running, 50 %').waitFor()
    await expectAccessible(page, 'Models while a study runs')
    await writer.renamePair('pair-3', 'By the study')
    await page.getByRole('region', { name: 'Table of pairs' }).getByText('By the study').waitFor()
    await writer.close()
    await page.getByRole('status').getByText('Stopped: 0 of 2 steps done').waitFor()
    await page.getByRole('button', { name: 'Change it here' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
  })
})
