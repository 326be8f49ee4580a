import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { placeHash, type Step } from '../../src/renderer/app/place'
import { allowComplaint, browserMissing, downloadedText, expectFits, it } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { hostileProject, PAYLOADS } from '../fixtures/hostile-project'
import { FUZZ_TIMES } from '../fixtures/mutations'
import { OwnWorkbench } from '../fixtures/own-workbench'

/** What each step says when it shows what it has, and what is clicked there to show more. */
const STEPS: readonly (readonly [Step, said: string, more: readonly string[]])[] = [
  ['start', 'Recent projects', []],
  ['pairs', 'All pairs', ['Add or order pairs…']],
  ['pair', 'How far post-training moved', ['Relocate…']],
  ['prompts', 'Valid characters', []],
  ['ranges', 'Gain over post', ['Table', 'What if']],
  ['chat', 'Layers 2–5', []],
  ['samples', 'Mean of the prompts', ['Prompts', 'Character task']],
  ['evaluate', 'This evaluation stopped early', ['Judge…']],
  ['export', 'Name of the new folder', []]
]

/** Nothing ran, nothing became a part of the page that was to be text, and nothing is wider than the window. */
async function expectHarmless(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: Reflect.get(globalThis, 'ran'),
    parts: [...document.querySelectorAll('[data-ran]')].map(({ outerHTML }) => outerHTML.slice(0, 200)),
    links: document.querySelectorAll('[href^="javascript:" i], [src^="javascript:" i]').length,
    frames: document.querySelectorAll('iframe, object, embed, base, meta[http-equiv="refresh"]').length
  }))
  expect(found, where).toEqual({ ran: undefined, parts: [], links: 0, frames: 0 })
  await expectFits(page, where)
}

/** Each a page that opens from the disk: the report, the samples, and a figure. */
async function exportedPages(folder: string, path: string): Promise<string[]> {
  const own = await OwnWorkbench.open()
  try {
    const client = own.client()
    const named = { path, pair: 'pair-1' }
    await client.projects.open({ path })
    const texts = {
      'report.html': (await client.projects.report({ ...named, format: 'html' })).content,
      'samples.html': (await client.samples.export({ ...named, runId: 'run-1', format: 'html' })).content
    }
    for (const [name, content] of Object.entries(texts)) await writeFile(join(folder, name), content)
    return Object.keys(texts).map((name) => join(folder, name))
  } finally {
    await own.close()
  }
}

/** `npm run fuzz` has each payload stand in each place. */
const ROUNDS = PAYLOADS.map((_, turned) => turned).slice(0, FUZZ_TIMES)

describe.skipIf(browserMissing !== null)('what strangers wrote', () => {
  it.for(ROUNDS)(
    '%i: is text in every step of the window, and in reports, pages of samples and figures that are opened',
    async (turned, { open, workbench }) => {
      const folder = await temporaryFolder()
      const project = await hostileProject(folder, turned)
      const pages = await exportedPages(folder, project)
      const page = await open(project, 'start', {
        viewport: { width: 1024, height: 700 },
        reducedMotion: 'reduce'
      })
      const asked: string[] = []
      page.on('dialog', (dialog) => {
        asked.push(dialog.message())
        void dialog.dismiss()
      })
      for (const [step, said, more] of STEPS) {
        await page.goto(workbench.url + placeHash(project, step))
        const main = page.getByRole('main')
        await main.getByText(said).first().waitFor()
        await expectHarmless(page, step)
        for (const name of more) {
          await main
            .getByRole('button', { name })
            .or(main.getByText(name, { exact: true }))
            .first()
            .click()
          await expectHarmless(page, `${step}: ${name}`)
          if (name.endsWith('…')) await page.keyboard.press('Escape')
        }
      }
      // The config of this one names a key, and gives it a value, that its complaint repeats.
      await page.goto(workbench.url + placeHash(project, 'pair', { pair: 'pair-2' }))
      await page.getByRole('main').getByText('which is not computed for').first().waitFor()
      await expectHarmless(page, 'a config that is refused')

      await page.goto(workbench.url + placeHash(project, 'samples'))
      await page
        .getByRole('button', { name: /^Save figure/ })
        .first()
        .click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save SVG' }).click()
      ])
      const figure = join(folder, 'figure.svg')
      await writeFile(figure, await downloadedText(download))
      for (const file of [...pages, figure]) {
        await page.goto(pathToFileURL(file).href)
        await page.getByText('data-ran').first().waitFor()
        await expectHarmless(page, file)
      }
      expect(asked).toEqual([])
    }
  )

  it('would run where it is not made text', async ({ browser }) => {
    allowComplaint(/./)
    const page = await browser.newPage()
    for (const payload of PAYLOADS.filter((text) => text.startsWith('<'))) {
      await page.goto('about:blank')
      await page.setContent(payload)
      await page.waitForFunction(() => Reflect.get(globalThis, 'ran') === 1, undefined, { timeout: 20_000 })
      await expect(expectHarmless(page, payload)).rejects.toThrow(payload)
    }
  })
})
