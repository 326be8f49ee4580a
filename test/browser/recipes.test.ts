import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { INSPECTOR_WORDS, RANGES_WORDS } from '../../src/contract/words/ranges-words'
import { expectAccessible, it, openSettings, showView } from '../fixtures/browser'
import { showTab, takeAction } from '../fixtures/ranges-view'
import { sweptShort } from '../fixtures/swept-project'

describe('recipes in Chromium', () => {
  it('are painted by the pointer and the keyboard, undone, scored, asked for next tokens and sampled', async ({
    open
  }) => {
    const page = await open((await sweptShort()).project)
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
    await editor.getByText('Restores attention 0–1, layers 3–5').waitFor()
    await page.keyboard.press('Control+z')
    await editor.getByText('Restores 3–5').waitFor()
    await page.keyboard.press('Control+Shift+z')
    await editor.getByText('Restores attention 0–1, layers 3–5').waitFor()
    await editor.getByLabel('Name').fill('two parts')
    await editor.getByRole('button', { name: 'Score' }).click()
    await editor.getByText(/Diversity 0\.\d{3}.*validity 0\.\d{3}/s).waitFor()
    await editor.getByRole('button', { name: 'Sample' }).click()
    const variants = await openSettings(page, SETTINGS_WORDS.variants)
    await variants.getByRole('checkbox', { name: /two parts/ }).waitFor()
    await page.keyboard.press('Escape')
    await showView(page, 'ranges')
    await page.getByRole('heading', { name: 'two parts' }).waitFor()

    await takeAction(page, 'inspector', INSPECTOR_WORDS.nextTokens)
    const view = page.getByRole('main')
    const compared = view.getByLabel('Compare with').locator('option:checked')
    await expect.poll(() => compared.innerText()).toBe('two parts')
    await view.getByRole('button', { name: 'Compare next tokens' }).click()
    const post = view.getByRole('table', { name: 'Most probable next tokens of post' }).getByRole('row')
    const mostProbable = post.filter({ has: page.getByRole('rowheader', { name: /^"K"/ }) }).getByRole('cell')
    expect(Number(await mostProbable.innerText())).toBeCloseTo(0.4434, 3)
    await expectAccessible(page, 'Next token')
  })

  it('are one list in two windows, which see each other’s recipes and prompts, and keep what is being typed', async ({
    open
  }) => {
    const { project } = await sweptShort()
    const page = await open(project)
    const other = await open(project)
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
    await page.getByRole('button', { name: 'Rename of one' }).click()
    await page.getByLabel('New name').fill('hasty')
    await page.keyboard.press('Enter')
    await other.getByRole('button', { name: 'Rename hasty' }).waitFor()
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

    // Invalid text stays in the field, and its message stays as long as the text.
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
    await expect.poll(() => other.getByLabel('Template arguments, JSON').inputValue()).toBe('{"thinking":false}')
  })
})

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
