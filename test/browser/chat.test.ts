import { describe, expect } from 'vitest'
import { browserMissing, it } from '../fixtures/browser'
import { demoProject } from '../fixtures/swept-project'

if (browserMissing !== null) console.log(`The end-to-end test of the chat is skipped: ${browserMissing}`)

describe.skipIf(browserMissing !== null)('the chat in Chromium', () => {
  it('answers by keyboard alone, answers again by other layers, and outlives a reload', async ({ open }) => {
    const page = await open(await demoProject(), 'chat')
    const field = page.getByRole('textbox', { name: 'What you say' })
    const send = page.getByRole('button', { name: 'Send' })
    await page.getByRole('spinbutton', { name: 'Temperature' }).waitFor()
    await field.fill('Call a number.')
    // As quick hands send elsewhere; it must not sweep.
    await page.keyboard.press('Control+Enter')
    const answers = (name: string) => page.getByRole('region', { name: `Answers of ${name}`, exact: true })
    for (const name of ['base', 'post', 'Layers 4–11']) await answers(name).getByText('of 4').waitFor()
    await send.waitFor()

    const first = page.getByRole('slider', { name: 'First layer' })
    await first.focus()
    await page.keyboard.press('ArrowLeft')
    await answers('Layers 3–11').getByText('of 4').waitFor()
    const post = await answers('post').innerText()

    await page.getByRole('button', { name: 'Keep prompt' }).click()
    await page.getByRole('button', { name: 'In Samples' }).waitFor()
    await page.getByRole('button', { name: 'Keep recipe' }).click()
    await page.getByRole('button', { name: 'Kept as a recipe' }).waitFor()

    await page.reload()
    await answers('Layers 3–11').getByText('of 4').waitFor()
    expect(await answers('post').innerText()).toBe(post)
    await page.getByRole('button', { name: 'In Samples' }).waitFor()
  })
})
