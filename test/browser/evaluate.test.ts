import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { MENU_WORDS, SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { takeAction } from '../fixtures/ranges-view'
import { EvaluationRun } from '../../src/contract/documents/evaluation'
import { Task } from '../../src/contract/documents/task'
import {
  downloadedText,
  expectAccessible,
  expectFits,
  hoverCharts,
  it,
  openSettings
} from '../fixtures/browser'
import { always, startJudgeEndpoint } from '../fixtures/judge-endpoint'
import { demoProject } from '../fixtures/swept-project'

/** The variants of the table, in its rows. */
async function variantsOf(table: Locator): Promise<string[]> {
  const names = await table.getByRole('rowheader').allInnerTexts()
  return names.map((name) => name.trim())
}

async function setAnswers(page: Page, count: string): Promise<void> {
  await openSettings(page, SETTINGS_WORDS.run)
  await page.getByLabel('Answers per prompt').fill(count)
  await page.keyboard.press('Escape')
}

describe('evaluations in Chromium', () => {
  it('compare base and post, lead to the answers behind a value, and survive a reload', async ({
    open,
    workbench
  }) => {
    const project = await demoProject()
    // Moving, as for most users: results arrive in charts that grow.
    const page = await open(project, 'evaluate', { viewport: { width: 1440, height: 900 } })
    await setAnswers(page, '3')
    await page.getByRole('button', { name: 'Run evaluation' }).click()
    await page.getByRole('heading', { name: 'All measures' }).waitFor()
    const table = page.getByRole('region', { name: 'Measures of all variants' })
    expect(await variantsOf(table)).toEqual(['base', 'post'])

    await page.getByRole('button', { name: /answers of base to prompt 1$/ }).click()
    await page.getByRole('region', { name: 'Answers to prompt 1' }).getByText('of 3').first().waitFor()
    await page.getByRole('img', { name: /^Map of 6 answers/ }).waitFor()
    await hoverCharts(page, 2)
    for (const viewport of [
      { width: 1440, height: 900 },
      { width: 1024, height: 700 }
    ]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(viewport)
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        // Colours do not hang on the width: each scheme and each width is looked through once.
        const lookedThrough = (viewport.width === 1440) === (colorScheme === 'light')
        await (lookedThrough ? expectAccessible : expectFits)(
          page,
          `results, ${viewport.width} wide, ${colorScheme}`
        )
      }
    }

    await page.setViewportSize({ width: 1440, height: 900 })
    await page.reload()
    await page.getByRole('heading', { name: 'All measures' }).waitFor()
    await openSettings(page, SETTINGS_WORDS.run)
    expect(await page.getByRole('textbox', { name: 'Answers per prompt' }).inputValue()).toBe('3')
    await page.keyboard.press('Escape')

    const { settings, host, requests } = await startJudgeEndpoint(always('10'))
    await takeAction(page, 'evaluation', MENU_WORDS.judge)
    await page.getByLabel(/^Address/).fill(settings.baseUrl)
    await page.getByLabel('Model', { exact: true }).fill('judge-1')
    await page.getByLabel(/^API key/).fill('typed-key')
    await page.getByLabel('Most requests a minute').fill('60000')
    await expectAccessible(page, 'the dialog of the judge')
    const send = page.getByRole('button', { name: 'Send and judge' })
    expect(await send.isDisabled()).toBe(true)
    const consent = page.getByRole('checkbox', { name: `they are sent to ${host}` })
    expect(requests).toEqual([])
    await consent.check()
    // Who is asked is another one now.
    await page.getByLabel('Model', { exact: true }).fill('judge-2')
    expect(await consent.isChecked()).toBe(false)
    // Once confirmed, the server is asked for its models, and told nothing of the project.
    const questions = () => requests.filter(({ url }) => url !== '/v1/models')
    expect(questions()).toEqual([])
    await consent.check()
    await send.click()
    await page.getByText(/\d+ questions judged\./).waitFor()
    await table.getByRole('button', { name: 'Judge ↑', exact: true }).waitFor()
    expect(await page.getByRole('combobox', { name: 'Horizontal', exact: true }).inputValue()).toBe('judge')
    const asked = questions().length
    expect(asked).toBeGreaterThan(0)
    expect(questions()[0]?.key).toBe('Bearer typed-key')

    await takeAction(page, 'evaluation', MENU_WORDS.judge)
    expect(await page.getByLabel(/^API key/).inputValue()).toBe('')
    await page.getByRole('checkbox', { name: `they are sent to ${host}` }).check()
    await page.getByRole('button', { name: 'Send and judge' }).click()
    await page.getByText(`${asked} of them earlier, and not sent again`).waitFor()
    expect(questions()).toHaveLength(asked)

    const files = await Promise.all(
      [project, workbench.folder].map((folder) => readdir(folder, { recursive: true, withFileTypes: true }))
    )
    const texts = await Promise.all(
      files
        .flat()
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), 'utf8'))
    )
    expect(texts.some((text) => text.includes('judge-2'))).toBe(true)
    expect(texts.some((text) => text.includes('typed-key'))).toBe(false)
  })

  it('compare a variant with a sampler and a prefix of its own', async ({ open }) => {
    const project = await demoProject()
    const page = await open(project, 'evaluate', { viewport: { width: 1024, height: 700 } })
    await openSettings(page, SETTINGS_WORDS.variants)
    await page.getByRole('button', { name: 'Duplicate post' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('post')
    await page.getByText('another variant has this name').waitFor()
    expect(await page.getByRole('button', { name: 'Use', exact: true }).isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'Name' }).fill('post, hot')
    await page.getByLabel('Put before every prompt').fill('Please: ')
    await page.getByRole('switch', { name: 'A sampler of its own' }).check()
    await page.getByRole('spinbutton', { name: 'Temperature' }).fill('1.7')
    // Off where it is empty, and only there.
    const topK = page.getByLabel('Top-k', { exact: true })
    await topK.fill('1e999')
    await page.getByText('needs a whole number from 1, or nothing').waitFor()
    expect(await page.getByRole('button', { name: 'Use', exact: true }).isDisabled()).toBe(true)
    await topK.fill('')
    await page.getByRole('button', { name: 'Use', exact: true }).click()
    await page.getByText('own sampler, prefix').waitFor()
    await openSettings(page, SETTINGS_WORDS.run)
    await page.getByLabel('Answers per prompt').fill('1e999')
    await page.getByText('Answers per prompt needs a whole number from 1 to 100,000.').waitFor()
    await page.getByLabel('Answers per prompt').fill('1')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Run evaluation' }).click()
    const table = page.getByRole('region', { name: 'Measures of all variants' })
    await table.waitFor()
    // The two of one colour have shapes of their own before the name.
    expect(await variantsOf(table)).toEqual(['base', '◆post', '●post, hot'])
    const folder = join(project, 'pairs/pair-1', 'evaluations')
    const [stored] = (await readdir(folder)).filter((name) => /^[^.]+\.json$/.test(name))
    const { variants } = EvaluationRun.parse(JSON.parse(await readFile(join(folder, stored ?? ''), 'utf8')))
    expect(variants[2]).toMatchObject({ prefix: 'Please: ', sampling: { temperature: 1.7 } })
  })

  it('import tasks from published files, and name the line that is wrong', async ({ open }) => {
    const page = await open(await demoProject(), 'evaluate')
    await openSettings(page, SETTINGS_WORDS.task)
    const choose = (name: string, text: string): Promise<void> =>
      page
        .getByLabel('Task file to import')
        .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
    const gsm8k = '{"question": "What is 2 + 3?", "answer": "2 + 3 = <<2+3=5>>5\\n#### 5"}\n'
    await choose('train.jsonl', `${gsm8k}{"question": 7, "answer": "#### 1"}\n`)
    await page.getByText(/train\.jsonl, line 2: question/).waitFor()

    await choose('train.jsonl', gsm8k)
    await page.getByText('Multi-step reasoning · 1 prompt × 64 answers · kept in the project as').waitFor()
    await page.getByText('1 prompt, with 1 right answer.').waitFor()
    expect(await page.getByRole('textbox', { name: /^The task as JSON/ }).inputValue()).toMatch(
      /"answers": \[\s*"5"\s*\]/
    )
    await page.getByRole('button', { name: 'Save task' }).click()
    await page.getByRole('button', { name: 'Save task' }).waitFor({ state: 'detached' })
    const task = page.getByRole('combobox', { name: 'Task', exact: true })
    expect(await task.inputValue()).toBe('train')

    // Dropped, and under an id of its own, as the first has the name of the file.
    const transfer = await page.evaluateHandle(
      "const transfer = new DataTransfer(); transfer.items.add(new File(['question,answers\\nName a primary colour.,red|blue\\n'], 'train.csv')); transfer"
    )
    await page.getByRole('region', { name: 'Task' }).dispatchEvent('drop', { dataTransfer: transfer })
    await page.getByRole('button', { name: 'Save task' }).click()
    await page.getByRole('button', { name: 'Save task' }).waitFor({ state: 'detached' })
    await page.getByText('Open-ended questions').waitFor()
    expect(await task.inputValue()).toBe('train-2')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('region', { name: 'Task' }).getByRole('button', { name: 'Export' }).click()
    ])
    expect(Task.parse(JSON.parse(await downloadedText(download))).prompts[0]?.answers).toEqual([
      'red',
      'blue'
    ])
  })

  it('choose what post fails in a run of its own, and say so beside what is compared on it', async ({
    open
  }) => {
    const page = await open(await demoProject(), 'evaluate', { viewport: { width: 1440, height: 900 } })
    await openSettings(page, SETTINGS_WORDS.task)
    await page.getByRole('combobox', { name: 'Task', exact: true }).selectOption('demo-facts')
    await page.getByRole('button', { name: 'Build a hard subset…' }).click()
    await page.keyboard.press('Escape')
    await page.getByText("Post's greedy answers miss the right one on 4 of 20 prompts.").waitFor()
    await page.getByRole('button', { name: 'Save as a task' }).click()
    await page.getByText('They are the task “Demo: one right answer (post failed)”.').waitFor()
    await openSettings(page, SETTINGS_WORDS.task)
    const task = page.getByRole('combobox', { name: 'Task', exact: true })
    expect(await task.inputValue()).toBe('demo-facts-failed')
    await setAnswers(page, '2')
    await page.getByRole('button', { name: 'Run evaluation' }).click()
    await page.getByText('Failures regress to the mean').waitFor()
  })
})
