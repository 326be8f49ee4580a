import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { z } from 'zod'
import { DEFAULT_TOP, NextToken } from '../../src/contract/procedures/probe'
import { INSPECTOR_WORDS, RANGES_WORDS } from '../../src/contract/words/ranges-words'
import { createProject } from '../../src/main/project/create-project'
import { expectAccessible, it, openSettings, relayMessages, showView } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { runHere } from '../fixtures/command-line'
import { type HeldEngine, inOrder } from '../fixtures/held-engine'
import { showTab, takeAction } from '../fixtures/ranges-view'
import { demoPrompts, shortPair, sweptShort } from '../fixtures/swept-project'

describe('recipes in Chromium', () => {
  it('are painted, taken back, scored, kept, found by a search, and sampled', async ({
    openHeld,
    held: { engine }
  }) => {
    const { project } = await sweptShort()
    const page = await openHeld(project)
    await page.getByText(/^Layers 4–5: diversity/).waitFor()
    await showTab(page, 'search')
    await page.getByRole('button', { name: 'New recipe' }).click()
    const editor = page.getByRole('dialog', { name: 'New recipe' })
    await drag(page, 'Attention of layer 3: post', 'MLP of layer 5: post')
    await editor.getByText('Restores 3–5').waitFor()
    // A second part, by keyboard: attention of layers 0 and 1.
    await editor.getByRole('gridcell', { name: 'Attention of layer 0:' }).focus()
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Space')
    await editor.getByText('Restores attention 0–1, 3–5').waitFor()
    await page.keyboard.press('Control+z')
    await editor.getByText('Restores 3–5').waitFor()
    await page.keyboard.press('Control+Shift+z')
    await editor.getByText('Restores attention 0–1, 3–5').waitFor()

    await editor.getByLabel('Name').fill('two parts')
    await editor.getByRole('button', { name: 'Score' }).click()
    await editor.getByText(/Diversity 0\.\d{3}.*validity 0\.\d{3}/s).waitFor()
    await editor.getByRole('button', { name: 'Sample' }).click()
    const variants = await openSettings(page, SETTINGS_WORDS.variants)
    await variants.getByRole('checkbox', { name: /two parts/ }).waitFor()
    await page.keyboard.press('Escape')
    await showView(page, 'ranges')
    await page.getByRole('button', { name: 'Edit two parts' }).waitFor()
    // Scored, it is shown beside the ranges at once.
    await page.getByRole('heading', { name: 'two parts' }).waitFor()

    await compareNextTokens(engine, page)

    // In the second generation: the first is kept by then.
    const reached = engine.holdAt(inOrder('plan', 'plan'))
    await page.getByRole('button', { name: 'Search further' }).click()
    await reached()
    await page
      .getByRole('region', { name: 'Progress' })
      .getByRole('button', { name: /Cancel/ })
      .click()
    await page.getByText('The search is not finished.').waitFor()
    await page.reload()
    await page.getByText(/greedy, .* with ρ 0\.90/i).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Search again' }).waitFor()
    await page
      .getByText(/(is more diverse than|No recipe that was tried is more diverse than) layers 4–5/)
      .waitFor()
    const search = page.getByRole('region', { name: 'Search further' })
    await search.getByText(/^On first tokens only, .* Full answers are not checked/).waitFor()
    await search.getByRole('button', { name: 'Inspect' }).click()
    await search.getByRole('button', { name: 'Check', exact: true }).click()
    await search.getByText(/(passes the check: diversity|fails the check: .*) 0\.\d{3}/).waitFor()
    await search.getByRole('button', { name: 'Keep', exact: true }).click()
    await page
      .getByRole('region', { name: 'Kept recipes' })
      .getByText(/^(holds|fails)/)
      .waitFor()
    await search.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('heading', { name: 'Export', exact: true }).waitFor()
    await showView(page, 'ranges')
    await page.reload()
    await page
      .getByText(/(is more diverse than|No recipe that was tried is more diverse than) layers 4–5/)
      .waitFor()
    await showTab(page, 'result')
    await page.getByRole('button', { name: RANGES_WORDS.table }).click()
    await page.getByRole('button', { name: 'two parts', exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'All layers at 0.5', exact: true }).click()
    await page.getByRole('heading', { name: 'All layers at 0.5' }).waitFor()

    await showView(page, 'samples')
    await openSettings(page, SETTINGS_WORDS.variants)
    await page.getByText('two parts').first().waitFor()
  })

  it('are one list in two windows, which see each other’s sweep, recipes and prompts, and keep what is being typed', async ({
    open
  }) => {
    const { project } = await sweptShort()
    const page = await open(project)
    const other = await open(project)
    await page.getByRole('button', { name: 'Sweep again' }).click()
    for (const each of [page, other]) {
      const sweeps = each.locator('footer').getByLabel('Sweep').locator('option')
      await sweeps.nth(1).waitFor({ state: 'attached' })
    }

    for (const each of [page, other]) {
      await each.getByRole('button', { name: RANGES_WORDS.inspector, exact: true }).click()
      await showTab(each, 'search')
    }
    const keep = async (window: Page, name: string): Promise<void> => {
      await window.getByLabel('Name of the recipe').fill(name)
      await window.getByRole('button', { name: /^Keep/ }).click()
    }
    await keep(page, 'of one')
    await other.getByRole('button', { name: 'Rename of one' }).waitFor()
    await keep(other, 'of the other')
    await page.getByRole('button', { name: 'Rename of the other' }).waitFor()
    await other.getByRole('button', { name: 'Rename of one' }).click()
    await other.getByLabel('New name').fill('careful')
    await other.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Remove careful' }).click()
    await other.getByRole('button', { name: 'Remove careful' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await other.getByRole('button', { name: 'Remove careful' }).waitFor()

    for (const each of [page, other]) await showView(each, 'prompts')
    const prefix = (window: Page) => window.getByLabel('Assistant prefix')
    await prefix(other).fill('theirs')
    await prefix(page).pressSequentially('mine')
    await other.keyboard.press('Tab')
    await page.getByText('The assistant prefix changed in another window while you were editing.').waitFor()
    const words = page.getByRole('note').filter({ hasText: 'changed in another window' }).locator('p')
    for (const [width, height] of [
      [1024, 700],
      [1440, 900]
    ] as const) {
      await page.setViewportSize({ width, height })
      expect((await words.boundingBox())?.width, `at ${width} pixels`).toBeGreaterThan(200)
      const [take, keepMine] = await Promise.all(
        ['Take theirs', 'Keep mine'].map((name) => page.getByRole('button', { name }).boundingBox())
      )
      expect(take?.y, `at ${width} pixels`).toBe(keepMine?.y)
    }
    expect(await prefix(page).inputValue()).toBe('mine')
    await page.getByRole('button', { name: 'Take theirs' }).click()
    expect(await prefix(page).inputValue()).toBe('theirs')

    // What cannot be taken stays to be put right, and is complained of only as long as it stands there.
    const given = page.getByLabel('Template arguments, JSON')
    await given.fill('{"thinking": false,}')
    await page.keyboard.press('Tab')
    await page.getByRole('alert').filter({ hasText: 'JSON at position' }).waitFor()
    await prefix(page).fill('ours')
    await page.keyboard.press('Tab')
    expect(await given.inputValue()).toBe('{"thinking": false,}')
    await given.fill('{"thinking": false}')
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await page.keyboard.press('Tab')
    await expect
      .poll(() => other.getByLabel('Template arguments, JSON').inputValue())
      .toBe('{"thinking":false}')

    await showView(page, 'samples')
    await openSettings(page, SETTINGS_WORDS.variants)
    await page.getByRole('checkbox', { name: /careful/ }).waitFor()
    expect(await page.getByRole('checkbox', { name: /careful/ }).isChecked()).toBe(true)
  })

  it('are not scored any more when the editor is left, and nothing of a project that cannot be saved can be changed', async ({
    openHeld,
    held: { engine }
  }) => {
    const { project } = await sweptShort()
    const page = await openHeld(project)
    await page.getByRole('button', { name: RANGES_WORDS.inspector, exact: true }).click()
    await page.getByRole('heading', { name: 'Layers 4–5', exact: true }).waitFor()
    await showTab(page, 'search')
    await page.getByRole('button', { name: 'New recipe' }).click()
    await drag(page, 'Attention of layer 3: post', 'MLP of layer 5: post')
    const editor = page.getByRole('dialog', { name: 'New recipe' })
    await editor.getByLabel('Name').fill('left')
    const begun = engine.holdAt(inOrder('plan'))
    await editor.getByRole('button', { name: 'Score' }).click()
    await begun()
    await editor.getByRole('button', { name: 'Keep recipe' }).click()
    await page.getByRole('button', { name: 'Rename left' }).waitFor()
    // Nothing runs any more, and what was looked at still is.
    await page.getByRole('button', { name: 'Sweep again' }).and(page.locator(':enabled')).waitFor()
    await page.getByRole('heading', { name: 'Layers 4–5', exact: true }).waitFor()
    expect(await page.getByRole('heading', { name: 'left', exact: true }).count()).toBe(0)

    // As main tells it of a folder that cannot be written.
    await relayMessages(page, (client, server) => {
      server.onMessage((message) =>
        client.send(
          String(message).replaceAll('"readOnly":null', '"readOnly":"It belongs to somebody else."')
        )
      )
    })
    await page.reload()
    await page.getByText('The project is read-only.').waitFor()
    for (const name of ['Import mergekit…', 'Rename left', 'Remove left'])
      expect(await page.getByRole('button', { name, exact: true }).isDisabled(), name).toBe(true)
    await showView(page, 'prompts')
    expect(await page.getByLabel('Text of prompt 1', { exact: true }).isEditable()).toBe(false)
    expect(await page.getByLabel('System prompt').isEditable()).toBe(false)
    for (const name of ['Import…', 'Add prompt', 'Delete prompt 1'])
      expect(await page.getByRole('button', { name, exact: true }).isDisabled(), name).toBe(true)
  })

  it('swept on their own are shown without ranges', async ({ open }) => {
    const folder = await temporaryFolder()
    const prompts = await demoPrompts(8)
    const project = await createProject({ folder, name: 'Demo', pair: { kind: 'demo' }, prompts })
    await project.close()
    const recipes = join(folder, 'recipes.json')
    await writeFile(
      recipes,
      JSON.stringify([
        {
          name: 'ends',
          ranges: [
            [0, 1],
            [10, 11]
          ]
        },
        { name: 'half', layers: new Array(12).fill({ attention: 0.5, mlp: 0 }) }
      ])
    )
    const swept = await runHere([
      'sweep',
      '--no-check',
      '--project',
      project.path,
      '--recipes',
      recipes,
      '--quiet'
    ])
    expect(swept).toMatchObject({ status: 0 })

    const page = await open(project.path)
    await page.getByText('2 recipes scored, and no ranges').waitFor()
    await page.getByRole('button', { name: RANGES_WORDS.inspector, exact: true }).click()
    await page.getByRole('heading', { name: 'ends' }).waitFor()
    await page.getByRole('button', { name: RANGES_WORDS.table }).click()
    await page.getByRole('button', { name: 'half', exact: true }).click()
    await page.getByText('attention 0–11 at 0.5').first().waitFor()
    await page.getByRole('button', { name: RANGES_WORDS.table }).click()
  })
})

const Probed = z.object({ results: z.tuple([z.object({ top: z.array(NextToken) })]) })

/** All that a model of the short pair may say next, by `slr sample --next`. */
async function probedByCommand(model: string, prompt: string): Promise<NextToken[]> {
  const { base, post } = await shortPair()
  const args = ['--base', base, '--post', post, model, '--prompt', prompt, '--top', '2048']
  const { stdout } = await runHere(['sample', '--next', ...args, '--json', '--quiet'])
  return Probed.parse(JSON.parse(stdout)).results[0].top
}

/** Compares the next tokens of base, post and the inspected recipe, then cancels a question that is not answered. */
async function compareNextTokens(held: HeldEngine, page: Page): Promise<void> {
  await takeAction(page, 'inspector', INSPECTOR_WORDS.nextTokens)
  const view = page.getByRole('main')
  await view.getByText('two parts, from Ranges.').waitFor()
  const compare = view.getByRole('button', { name: 'Compare next tokens' })
  const rowOf = (model: string): Locator =>
    view
      .getByRole('table', { name: `Most probable next tokens of ${model}` })
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: /^"K"/ }) })
  const probability = async (model: string): Promise<number> =>
    Number(await rowOf(model).getByRole('cell').innerText())
  await compare.click()
  expect(await probability('post')).toBeCloseTo(0.4434, 3)
  expect(await probability('recipe')).toBeLessThan(await probability('post'))
  // Base says other things first: each as probable as the command line, on its own, finds it to be.
  const ofBase = view.getByRole('table', { name: 'Most probable next tokens of base' }).getByRole('row')
  await ofBase.nth(1).waitFor()
  const shown = (await ofBase.allInnerTexts()).slice(1).map((row) =>
    row
      .replace(/, valid\b/, '')
      .trim()
      .split(/\s+/)
  )
  const asked = await view.getByLabel('Prompt, one turn of the user').inputValue()
  const said = await probedByCommand('base', asked)
  expect(shown.map(([token]) => token)).toEqual(
    said.slice(0, DEFAULT_TOP).map(({ text }) => JSON.stringify(text))
  )
  for (const [place, [, probability]] of shown.entries())
    expect(Number(probability)).toBeCloseTo(said[place]?.probability ?? NaN, 3)
  // A thirtieth or so of what post says of it, and less than the last that is shown.
  expect(said.find(({ text }) => text === 'K')?.probability).toBeCloseTo(0.01217, 4)
  await expectAccessible(page, 'Next token')

  const engine = held.pid
  if (engine === undefined) throw new Error('no engine process is running')
  process.kill(engine, 'SIGSTOP')
  const typed = view.getByLabel('Prompt, one turn of the user')
  await typed.fill('Tell me a story.')
  await page.keyboard.press('Enter')
  await view.getByText('Computing…').first().waitFor()
  await view.getByRole('button', { name: 'Cancel' }).click()
  await compare.waitFor()
  process.kill(engine, 'SIGCONT')
  await showView(page, 'ranges')
}

async function drag(page: Page, from: string, to: string): Promise<void> {
  const middle = async (name: string): Promise<[number, number]> => {
    const box = await page.getByRole('gridcell', { name }).boundingBox()
    if (box === null) throw new Error(`${name} is not shown`)
    return [box.x + box.width / 2, box.y + box.height / 2]
  }
  const [start, end] = [await middle(from), await middle(to)]
  await page.mouse.move(...start)
  await page.mouse.down()
  await page.mouse.move(...end, { steps: 5 })
  await page.mouse.up()
}
