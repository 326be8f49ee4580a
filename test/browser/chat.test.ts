import { describe, expect } from 'vitest'
import { openProject } from '../../src/main/project/open-project'
import { browserMissing, it } from '../fixtures/browser'
import { demoProject } from '../fixtures/swept-project'

if (browserMissing !== null) console.log(`The end-to-end test of the chat is skipped: ${browserMissing}`)

describe.skipIf(browserMissing !== null)('the chat in Chromium', () => {
  it('answers by keyboard alone, answers again by other layers, outlives a reload, and is one for each pair', async ({
    open
  }) => {
    const project = await openProject(await demoProject())
    await project.addPair({ kind: 'demo' }, 'Other')
    await project.close()
    const page = await open(project.path, 'chat')
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

    // The sampler settings are read after the question is typed.
    const delayed: (() => void)[] = []
    let isSlow = true
    await page.routeWebSocket(/^ws:/, (page) => {
      const server = page.connectToServer()
      page.onMessage((message) => {
        if (isSlow && String(message).includes('samples/defaults')) delayed.push(() => server.send(message))
        else server.send(message)
      })
    })
    await page.reload()
    await answers('Layers 3–11').getByText('of 4').waitFor()
    expect(await answers('post').innerText()).toBe(post)
    await page.getByRole('button', { name: 'In Samples' }).waitFor()

    // What was said since the conversation was cleared stays, behind what Undo brings back.
    const turns = page.getByRole('region', { name: /^Turn \d+$/ }).locator('.said p')
    await page.getByRole('button', { name: 'Clear' }).click()
    await expect.poll(() => turns.count()).toBe(0)
    await field.fill('Name a colour.')
    await page.keyboard.press('Enter')
    await page.getByText('Your text is sent after that.').waitFor()
    isSlow = false
    for (const send of delayed) send()
    await answers('post').getByText('of 4').waitFor()
    await page.getByRole('button', { name: 'Undo clear the chat' }).click()
    await expect.poll(() => turns.allInnerTexts()).toEqual(['Call a number.', 'Name a colour.'])

    // Another pair begins a conversation of its own.
    const pair = page.getByLabel('Pair', { exact: true })
    await pair.selectOption('Other')
    await page.getByRole('button', { name: 'Ask this pair the same' }).click()
    await answers('post').getByText('of 4').waitFor()
    expect(await turns.allInnerTexts()).toEqual(['Name a colour.'])
    await pair.selectOption('Demo')
    await expect.poll(() => turns.allInnerTexts()).toEqual(['Call a number.', 'Name a colour.'])
  })
})
