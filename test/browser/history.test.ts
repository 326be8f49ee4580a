import { describe, expect } from 'vitest'
import { browserMissing, it, showView, unfold } from '../fixtures/browser'
import { sweptShort } from '../fixtures/swept-project'

if (browserMissing !== null) console.log(`The test of the history is skipped: ${browserMissing}`)

describe.skipIf(browserMissing !== null)('the history in Chromium', () => {
  it('names a run, and brings it back by undo, and after a reload from what was deleted', async ({
    open
  }) => {
    const page = await open((await sweptShort()).project)
    const history = page.getByRole('dialog', { name: /^Runs of/ })
    const headline = page.getByText(/Layers 4–5/).first()
    await headline.waitFor()
    await page.keyboard.press('h')
    await history.getByRole('button', { name: /^Rename / }).click()
    await page.keyboard.type('As published')
    await page.keyboard.press('Enter')
    await history.getByText('As published', { exact: true }).waitFor()

    await history.getByRole('button', { name: 'Delete As published' }).click()
    await history.getByText(/^No runs yet/).waitFor()
    await history.getByRole('button', { name: 'Undo' }).click()
    await history.getByText('As published', { exact: true }).waitFor()
    await history.getByRole('button', { name: 'Delete As published' }).click()
    await history.getByText(/^No runs yet/).waitFor()

    await page.reload()
    await page.getByRole('button', { name: 'Sweep all ranges' }).waitFor()
    await page.getByRole('button', { name: 'Runs' }).click()
    await history.getByText('Deleted 1').click()
    await history.getByRole('button', { name: 'Restore' }).click()
    await history.getByText('No deleted runs.').waitFor()
    await history.getByRole('button', { name: 'Done' }).click()
    await headline.waitFor()
    expect(await page.getByRole('option', { name: /^As published, / }).count()).toBe(1)
  })

  it('keeps notes whose field is still in use when the page is loaded again', async ({ open }) => {
    const page = await open((await sweptShort()).project)
    await page
      .getByText(/Layers 4–5/)
      .first()
      .waitFor()
    await page.keyboard.press('h')
    await page.getByRole('button', { name: /^Note on / }).click()
    await page.getByRole('textbox', { name: /^Note on / }).fill('Of the run.')
    await page.reload()
    await showView(page, 'models')
    await unfold(page, 'Notes')
    const notes = page.getByLabel('Notes of the project, Markdown')
    await notes.fill('Of the project.')
    await page.reload()
    await expect.poll(() => notes.inputValue()).toBe('Of the project.')
    // Ctrl + Enter is done with the field, and nothing else.
    await notes.fill('Of the study.')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Saved', { exact: true }).waitFor()
    expect(new URL(page.url()).hash).toContain('step=models')
    // A field that is left and removed at the same moment is saved once.
    await notes.fill('Of all.')
    await page.keyboard.press('Alt+2')
    await page.getByText('Saved', { exact: true }).waitFor()
    expect(await page.getByText(/Not (saved|undone)/).count()).toBe(0)
    await showView(page, 'models')
    await expect.poll(() => notes.inputValue()).toBe('Of all.')
    await page.keyboard.press('h')
    await page.getByText('Of the run.').waitFor()

    // Escape leaves the field and not the dialog, and what was typed is kept: Undo takes it back.
    await page.getByRole('button', { name: /^Note on / }).click()
    await page.getByRole('textbox', { name: /^Note on / }).fill('Of an hour.')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').getByText('Of an hour.').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Undo/ }).click()
    await page.keyboard.press('h')
    await page.getByText('Of the run.').waitFor()
  })
})
