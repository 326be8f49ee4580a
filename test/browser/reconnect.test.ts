import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { allowComplaint, browserMissing, launchBrowser, ServedWorkbench } from '../fixtures/browser'

describe.skipIf(browserMissing !== null)('the page and its server', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
    return () => browser.close()
  })

  it('goes on by itself when the program was stopped and started again', async () => {
    const workbench = await ServedWorkbench.start(['--demo'])
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(workbench.url)
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    const address = page.url()
    expect(address).not.toContain('token')
    await workbench.stop()
    const lost = page.getByText('start it again the same way and this page continues')
    await lost.waitFor()
    const again = await ServedWorkbench.start(['--demo'], workbench.folder)
    await lost.waitFor({ state: 'detached' })
    // What it shows of the project that the new process has opened can be used.
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    expect(page.url()).toBe(address)
    const tab = await context.newPage()
    await tab.goto(address)
    await tab.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    await tab.reload()
    await tab.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    await context.close()
    await again.stop()
  })

  it("is reached from the opener's file, and from a page that says no when the address was used", async () => {
    const workbench = await ServedWorkbench.start(['--demo'])
    const file = join(await temporaryFolder(), 'open.html')
    const { url } = workbench
    await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">`)
    const page = await browser.newPage()
    await page.goto(pathToFileURL(file).href)
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    // The same address once more leads the same browser home, and no other.
    await page.goto(url)
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    allowComplaint(/status of 401/)
    const stranger = await browser.newPage()
    await stranger.goto(url)
    await stranger.getByRole('heading', { name: 'This browser has not been let in.' }).waitFor()
    await page.context().close()
    await stranger.context().close()
    await workbench.stop()
  })
})
