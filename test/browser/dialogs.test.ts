import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { browserMissing, expectAccessible, expectFits, it, showView, unfold } from '../fixtures/browser'
import type { View } from '../../src/renderer/app/place'
import { MENU_WORDS, MORE_ACTIONS } from '../../src/contract/words/menu-words'
import type { RangesTab } from '../../src/contract/words/ranges-words'
import { showTab } from '../fixtures/ranges-view'
import { sweptShort } from '../fixtures/swept-project'

if (browserMissing !== null) console.log(`The test of the dialogs is skipped: ${browserMissing}`)

interface DialogPlace {
  title: RegExp | string
  view: View
  /** The tab of Ranges that has it. */
  tab?: RangesTab
  /** The fold that holds the first button. */
  fold?: string
  /** The buttons that lead to it. */
  press: readonly (RegExp | string)[]
  /** What it shows once it knows it. */
  shows?: string
}

const DIALOGS: readonly DialogPlace[] = [
  { title: 'Help', view: 'models', press: ['Help'] },
  { title: 'Report', view: 'models', press: ['Report'] },
  { title: 'Settings', view: 'models', press: ['Settings'], shows: 'No webgpu device is here' },
  { title: /^Pairs of/, view: 'models', press: ['Manage pairs…'] },
  { title: 'Relocate the pair', view: 'models', press: ['Relocate…'] },
  { title: 'Add a checkpoint', view: 'models', fold: 'Other checkpoints', press: ['Add…'] },
  { title: 'Model folder', view: 'models', press: ['Add…', 'Browse: Model folder'] },
  { title: /^Runs of/, view: 'ranges', press: ['Runs'] },
  { title: 'New recipe', view: 'ranges', tab: 'search', press: ['New recipe'] },
  {
    title: 'Save figure: heatmap',
    view: 'ranges',
    tab: 'result',
    press: [`${MORE_ACTIONS}: heatmap`, MENU_WORDS.saveFigure]
  },
  { title: /^Edit task|^Copy/, view: 'evaluate', press: [/^Copy/] },
  { title: 'Sampler and prompting of a variant', view: 'evaluate', press: ['Duplicate post'] },
  { title: 'External model', view: 'samples', press: ['Add external model…'] }
]

/** Each scheme is looked through once, where there is the least room; in a wide window a dialog is what it is in a narrow one. */
const LOOKS = [
  { viewport: { width: 1440, height: 900 }, colorScheme: 'light', lookedThrough: false },
  { viewport: { width: 1024, height: 700 }, colorScheme: 'dark', lookedThrough: true },
  // 1440 by 900 at a zoom of 200 %.
  { viewport: { width: 720, height: 450 }, colorScheme: 'light', lookedThrough: true }
] as const

async function wear(page: Page, { viewport, colorScheme }: (typeof LOOKS)[number]): Promise<void> {
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
}

describe.skipIf(browserMissing !== null)('the dialogs in Chromium', () => {
  it('are accessible and fit, wide, narrow and zoomed', async ({ openHeld }) => {
    const page = await openHeld((await sweptShort()).project)
    await page
      .getByText(/Layers 4–5/)
      .first()
      .waitFor()
    for (const { title, view, tab, fold, press, shows } of DIALOGS) {
      await wear(page, LOOKS[0])
      await showView(page, view)
      if (tab !== undefined) await showTab(page, tab)
      if (fold !== undefined) await unfold(page, fold)
      for (const name of press)
        await page
          .getByRole('button', { name, exact: true })
          .or(page.getByRole('menuitem', { name, exact: true }))
          .first()
          .click()
      const dialog = page.getByRole('dialog', { name: title })
      // The keyboard begins where the dialog does.
      const focused = dialog.locator(':focus')
      await expect.poll(async () => (await focused.getAttribute('aria-label')) ?? '').not.toBe('Close')
      if (shows !== undefined) await dialog.getByText(shows).waitFor()
      for (const look of LOOKS) {
        await wear(page, look)
        await dialog.waitFor()
        const where = `${String(title)}, ${look.viewport.width} wide, ${look.colorScheme}`
        if (look.lookedThrough) await expectAccessible(page, where, dialog)
        else await expectFits(page, where)
        const box = await dialog.boundingBox()
        expect((box?.y ?? 0) + (box?.height ?? Infinity), String(title)).toBeLessThanOrEqual(
          look.viewport.height
        )
      }
      await wear(page, LOOKS[0])
      for (let open = press.length; open > 0; open--) {
        if ((await page.getByRole('dialog').count()) === 0) break
        await page.keyboard.press('Escape')
      }
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })

  it('lose nothing that was typed to Escape', async ({ open }) => {
    const page = await open((await sweptShort()).project, 'evaluate')
    const typed = [
      { opener: 'Add external model…', field: 'Name' },
      { opener: 'Duplicate post', field: 'Put before every prompt' },
      { opener: 'Copy and edit…', field: /^The task as JSON/ }
    ]
    for (const { opener, field } of typed) {
      await page.getByRole('button', { name: opener, exact: true }).first().click()
      const text = page.getByRole('dialog').getByLabel(field).first()
      await text.fill('of an hour')
      await page.keyboard.press('Escape')
      await page.getByText('Discard what was typed?').waitFor()
      await page.keyboard.press('Escape')
      await page.getByText('Discard what was typed?').waitFor({ state: 'detached' })
      expect(await text.inputValue(), opener).toBe('of an hour')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Discard' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })
})
