import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { loadPage } from '../../fixtures/entry-page'
import { RANGES_WORDS } from '../../../src/contract/words/ranges-words'
import { browserMissing, it, STILL_WINDOW, showView } from '../../fixtures/browser'
import { Desktop } from '../../fixtures/desktop'
import { inspectRange, showTab } from '../../fixtures/ranges-view'
import { sweptShort } from '../../fixtures/swept-project'

/** The page of the desktop entry in Chromium, with the entry on the fake Electron: all of the way but Chromium's own channel. */

if (browserMissing !== null) console.log(`Tests of the desktop's page are skipped: ${browserMissing}`)

async function showPage(browser: Browser, desktop: Desktop): Promise<Page> {
  const page = await browser.newPage(STILL_WINDOW)
  await desktop.until('loaded')
  await loadPage(page, desktop, '/dropped/')
  return page
}

describe.skipIf(browserMissing !== null)("the desktop's page", () => {
  it('undoes, exports and sweeps, does what the menus ask, and saves as the window closes', async ({ browser }) => {
    const { folder, project } = await sweptShort()
    const desktop = await Desktop.start([`--project=${project}`], { folder })
    const page = await showPage(browser, desktop)
    await page.getByText(/^Layers 4–5: diversity/).waitFor()

    await inspectRange(page, '4-5')
    await page.getByRole('button', { name: RANGES_WORDS.keep }).click()
    await showTab(page, 'search')
    const remove = page.getByRole('button', { name: /^Remove Layers/ })
    await remove.click()
    await remove.waitFor({ state: 'detached' })
    desktop.order('choose', { names: ['Edit', 'Undo'] })
    await remove.waitFor()
    await showView(page, 'export')
    await page.getByRole('button', { name: 'Export', exact: true }).last().click()
    await page.getByRole('heading', { name: /^Exported/ }).waitFor()
    await page.getByRole('button', { name: 'Show in folder' }).click()
    const { path } = await desktop.until('shown-in-folder')
    expect(existsSync(join(String(path), 'model.safetensors'))).toBe(true)

    desktop.order('choose', { names: ['File', 'Save report…'] })
    await page.getByRole('dialog', { name: 'Report' }).waitFor()
    await page.keyboard.press('Escape')
    desktop.order('choose', { names: ['Help', 'About SLR Workbench'] })
    await page.getByText(/SLR Workbench \d+\.\d+\.\d+, onnxruntime/).waitFor()
    await page.keyboard.press('Escape')

    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // As a Mac types it with Option.
    await page.evaluate(() => {
      window.dispatchEvent(new KeyboardEvent('keydown', { key: '™', code: 'Digit2', altKey: true }))
    })
    await page.getByRole('button', { name: RANGES_WORDS.sweepAgain }).click()
    // The export was the first that kept the machine awake.
    await desktop.until('awake', () => desktop.all('awake').length === 2)
    await desktop.until('may-sleep', () => desktop.all('may-sleep').length === 2)

    desktop.order('choose', { names: ['File', 'New project…'] })
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor()
    await page.getByLabel('Base: the pre-trained model', { exact: true }).and(page.locator(':focus')).waitFor()
    desktop.order('choose', { names: ['File', 'Close project'] })
    await page.getByRole('button', { name: 'Open demo' }).waitFor()
    desktop.order('close-window')
    expect(await desktop.ended).toBe(0)
    expect(desktop.stderr).toBe('')
  })
})
