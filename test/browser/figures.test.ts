import { buffer } from 'node:stream/consumers'
import type { Download, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { MENU_WORDS, MORE_ACTIONS } from '../../src/contract/words/menu-words'
import { LEGEND_WORDS } from '../../src/contract/words/ranges-words'
import { downloadedText, expectAccessible, it } from '../fixtures/browser'
import { takeAction } from '../fixtures/ranges-view'
import { sweptShort } from '../fixtures/swept-project'

describe('figures in Chromium', () => {
  it('are saved as the chart is shown, in the format, width and letters that were chosen last', async ({ open }) => {
    const page = await open((await sweptShort()).project)
    // Saved in light colours whatever the window has.
    await page.emulateMedia({ colorScheme: 'dark' })
    const dialog = page.getByRole('dialog', { name: 'Save figure: trade-off' })
    const menu = page.getByRole('button', { name: `${MORE_ACTIONS}: trade-off` })
    const ask = () => takeAction(page, 'trade-off', MENU_WORDS.saveFigure)
    await ask()
    await dialog.getByRole('img').waitFor()
    await expectAccessible(page, 'the dialog')
    await dialog.getByLabel('Width').fill('120')
    await dialog.getByLabel('Letters').fill('9')
    const svg = await downloadedText(await saved(page, 'SVG', 'Short-trade-off.svg'))
    expect(svg).toMatch(/<svg [^>]*width="120mm"/)
    expect(svg).toContain('>Validity: probability of a valid answer</text>')
    expect(svg).toContain('fill="#00714f"')

    // The window's legend hides it in the figure too.
    await page.getByRole('button', { name: LEGEND_WORDS.list }).click()
    await page.getByLabel('front', { exact: true }).uncheck()
    await page.keyboard.press('Escape')
    await ask()
    expect(await dialog.getByLabel('Width').inputValue()).toBe('120')
    const without = await downloadedText(await saved(page, 'SVG', 'Short-trade-off.svg'))
    expect(svg).toContain('>Pareto front</text>')
    expect(without).not.toContain('>Pareto front</text>')

    await ask()
    await dialog.getByText('PNG', { exact: true }).click()
    await dialog.getByLabel('Scale').fill('2')
    const png = await buffer(await (await saved(page, 'PNG', 'Short-trade-off.png')).createReadStream())
    // Its width stands after the signature and the name of the first part.
    expect(png.readUInt32BE(16)).toBe(Math.round((120 / 25.4) * 96 * 2))

    await ask()
    await dialog.getByLabel('Scale').fill('99')
    await page.keyboard.press('Enter')
    await dialog.getByText('A figure is 30 to 500 mm wide').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await menu.evaluate((button) => button === document.activeElement)).toBe(true)
  })

  async function saved(page: Page, format: string, name: string): Promise<Download> {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: `Save ${format}` }).click()
    ])
    expect(download.suggestedFilename()).toBe(name)
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    return download
  }
})
