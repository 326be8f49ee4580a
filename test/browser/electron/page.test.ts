import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { browserMissing, it, STILL_WINDOW } from '../../fixtures/browser'
import { Desktop } from '../../fixtures/desktop'
import { sweptShort } from '../../fixtures/swept-project'

/** The page of the desktop entry in Chromium, with the entry on the fake Electron: all of the way but Chromium's own channel. */

if (browserMissing !== null) console.log(`Tests of the desktop's page are skipped: ${browserMissing}`)

/** In a secure context, as the scheme of the window is. */
const ORIGIN = 'https://workbench'

/** What the preload gives the page, and the page's ends of its ports. */
declare global {
  interface Window {
    sendToMain: (port: number, data: string) => Promise<void>
    portsOfTest: Map<number, MessagePort>
  }
}

const ToPage = z.object({ port: z.number(), data: z.string() })

async function showPage(browser: Browser, desktop: Desktop): Promise<Page> {
  const page = await browser.newPage(STILL_WINDOW)
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url())
    await route.fulfill(await desktop.fetch(`slr://workbench${pathname}`))
  })
  await page.exposeBinding('sendToMain', (_source, port: number, data: string) =>
    desktop.order('to-main', { port, data })
  )
  await page.addInitScript(() => {
    window.slrDesktop = { pathOf: (file) => `/dropped/${file.name}` }
    window.portsOfTest = new Map()
  })
  await desktop.until('loaded')
  await page.goto(`${ORIGIN}/`)
  desktop.hear('port', ({ port }) => {
    void page.evaluate((id) => {
      const { port1, port2 } = new MessageChannel()
      window.portsOfTest.set(id, port1)
      port1.onmessage = ({ data }: MessageEvent<string>) => void window.sendToMain(id, data)
      window.postMessage('slr:port', location.origin, [port2])
    }, z.number().parse(port))
  })
  desktop.hear('to-page', (told) => {
    const { port, data } = ToPage.parse(told)
    page
      .evaluate(([id, text]) => window.portsOfTest.get(id)?.postMessage(text), [port, data] as const)
      .catch(() => undefined)
  })
  return page
}

describe.skipIf(browserMissing !== null)("the desktop's page", () => {
  it('undoes, exports and sweeps, does what the menus ask, and saves as the window closes', async ({
    browser
  }) => {
    const { folder, project } = await sweptShort()
    const desktop = await Desktop.start([`--project=${project}`], { folder })
    const page = await showPage(browser, desktop)
    await page.getByText(/Layers 4–5, not checked yet/).waitFor()

    await page.getByRole('button', { name: 'Keep as recipe' }).click()
    const remove = page.getByRole('button', { name: /^Remove Layers/ })
    await remove.click()
    await remove.waitFor({ state: 'detached' })
    desktop.order('choose', { names: ['Edit', 'Undo'] })
    await remove.waitFor()
    await page.getByRole('navigation').getByText('Export', { exact: true }).click()
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
      window.dispatchEvent(new KeyboardEvent('keydown', { key: '¢', code: 'Digit5', altKey: true }))
    })
    await page.getByRole('button', { name: 'Sweep again' }).click()
    // The export was the first that kept the machine awake.
    await desktop.until('awake', () => desktop.all('awake').length === 2)
    await desktop.until('may-sleep', () => desktop.all('may-sleep').length === 2)

    desktop.order('choose', { names: ['File', 'New project…'] })
    await page.getByRole('dialog', { name: 'New project' }).waitFor()
    await page.keyboard.press('Escape')
    desktop.order('choose', { names: ['File', 'Close project'] })
    await page.getByRole('button', { name: 'Open demo' }).waitFor()
    desktop.order('close-window')
    expect(await desktop.ended).toBe(0)
    expect(desktop.stderr).toBe('')
  })
})
