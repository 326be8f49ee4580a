import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect } from 'vitest'
import { allowComplaint, browserMissing, it } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'

describe.skipIf(browserMissing !== null)('the page of the server', () => {
  it("is reached from the opener's file, and from a page that says no when the address was used", async ({
    browser,
    workbench
  }) => {
    const file = join(await temporaryFolder(), 'open.html')
    const { url } = workbench
    await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">`)
    const page = await browser.newPage()
    await page.goto(pathToFileURL(file).href)
    await page.getByRole('button', { name: 'Open demo' }).waitFor()
    // The same address once more leads the same browser home, and no other.
    await page.goto(url)
    await page.getByRole('button', { name: 'Open demo' }).waitFor()
    expect(page.url()).not.toContain('token')
    allowComplaint(/status of 401/)
    const stranger = await browser.newPage()
    await stranger.goto(url)
    await stranger.getByRole('heading', { name: 'This browser has not been let in.' }).waitFor()
  })
})
