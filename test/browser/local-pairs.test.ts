import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { resourcePath } from '../../src/main/base/resources'
import { browserMissing, expectAccessible, it, STILL_WINDOW } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'

if (browserMissing !== null) console.log(`End-to-end tests of pairs are skipped: ${browserMissing}`)

describe.skipIf(browserMissing !== null)('pairs on this machine, in Chromium', () => {
  it('are found in a folder that the user adds, and become a project by one click', async ({
    browser,
    workbench
  }) => {
    const folder = await temporaryFolder()
    await cp(resourcePath('demo-pair', 'base'), join(folder, 'tiny'), { recursive: true })
    await cp(resourcePath('demo-pair', 'post'), join(folder, 'tiny-instruct'), { recursive: true })
    const page = await browser.newPage(STILL_WINDOW)
    await page.goto(workbench.url)
    const pairs = page.getByRole('region', { name: 'Pairs on this machine' })
    const settings = page.getByRole('dialog', { name: 'Settings' })
    const add = async (): Promise<void> => {
      await pairs.getByRole('button', { name: 'Folders to search…' }).click()
      const field = settings.getByRole('textbox', { name: 'Search another folder of models' })
      await field.fill(folder)
      await field.press('Enter')
      await settings.getByRole('button', { name: `Stop searching ${folder}` }).waitFor()
      await page.keyboard.press('Escape')
    }
    await pairs.getByText(/^None found in the Hugging Face cache/).waitFor()
    await add()
    const found = pairs.getByRole('button', { name: /tiny-instruct after tiny, by its name/ })
    await found.waitFor()
    expect(await found.innerText()).toContain('llama · 12 layers · 9.9 MB')
    await expectAccessible(page, 'Models with a pair')
    if (process.env['SLR_SHOT'] !== undefined) await page.screenshot({ path: process.env['SLR_SHOT'] })
    await pairs.getByRole('button', { name: 'Folders to search…' }).click()
    await settings.getByRole('button', { name: `Stop searching ${folder}` }).click()
    await page.keyboard.press('Escape')
    await found.waitFor({ state: 'detached' })
    await add()
    await found.click()
    await page.getByRole('heading', { name: 'Which layers to restore?' }).waitFor()
  })
})
