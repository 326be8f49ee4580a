import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { Task } from '../../src/contract/documents/task'
import { MENU_WORDS, SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { downloadedText, expectAccessible, hoverCharts, it, openSettings } from '../fixtures/browser'
import { always, startJudgeEndpoint } from '../fixtures/judge-endpoint'
import { takeAction } from '../fixtures/ranges-view'
import { demoProject } from '../fixtures/swept-project'

const WIDE = { width: 1440, height: 900 }

describe('evaluations in Chromium', () => {
  it('import a task by a file and by a drop, lead to the answers behind a value, survive a reload, and ask before a judge', async ({
    open,
    workbench
  }) => {
    const project = await demoProject()
    // Charts move, as for most users.
    const page = await open(project, 'evaluate', { viewport: WIDE })
    await openSettings(page, SETTINGS_WORDS.task)
    const choose = (name: string, text: string): Promise<void> =>
      page.getByLabel('Task file to import').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
    await choose('train.jsonl', '{"question": 7, "answer": "#### 1"}\n')
    await page.getByText(/train\.jsonl, line 1: question/).waitFor()
    const transfer = await page.evaluateHandle(
      "const transfer = new DataTransfer(); transfer.items.add(new File(['question,answers\\nName a primary colour.,red|blue\\n'], 'train.csv')); transfer"
    )
    await page.getByRole('region', { name: 'Task' }).dispatchEvent('drop', { dataTransfer: transfer })
    await page.getByRole('button', { name: 'Save task' }).click()
    await page.getByRole('button', { name: 'Save task' }).waitFor({ state: 'detached' })
    const task = page.getByRole('combobox', { name: 'Task', exact: true })
    expect(await task.inputValue()).toBe('train')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('region', { name: 'Task' }).getByRole('button', { name: 'Export' }).click()
    ])
    expect(Task.parse(JSON.parse(await downloadedText(download))).prompts[0]?.answers).toEqual(['red', 'blue'])

    await task.selectOption('demo-open')
    await openSettings(page, SETTINGS_WORDS.run)
    await page.getByLabel('Answers per prompt').fill('3')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Run evaluation' }).click()
    await page.getByRole('heading', { name: 'All measures' }).waitFor()
    const table = page.getByRole('region', { name: 'Measures of all variants' })
    await table.getByRole('rowheader', { name: 'post' }).waitFor()
    await page.getByRole('button', { name: /answers of base to prompt 1$/ }).click()
    await page.getByRole('region', { name: 'Answers to prompt 1' }).getByText('of 3').first().waitFor()
    await page.getByRole('img', { name: /^Map of 6 answers/ }).waitFor()
    await hoverCharts(page, 2)
    for (const { viewport, colorScheme } of [
      { viewport: WIDE, colorScheme: 'light' },
      { viewport: { width: 1024, height: 700 }, colorScheme: 'dark' }
    ] as const) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expectAccessible(page, `results, ${viewport.width} wide, ${colorScheme}`)
    }
    await page.getByRole('button', { name: /^\d+ more measures$/ }).click()
    const cut = await table
      .locator('tbody :is(b, span, div)')
      .evaluateAll((parts) =>
        parts
          .filter(
            ({ clientWidth, clientHeight, scrollWidth, scrollHeight }) =>
              clientWidth > 0 && (scrollWidth > clientWidth || scrollHeight > clientHeight)
          )
          .map(({ textContent }) => textContent)
      )
    expect(cut, 'texts that the table cuts').toEqual([])
    // The narrow bar keeps all buttons in one row, and a reload the chosen axis.
    const bar = page.locator('.head')
    expect((await bar.boundingBox())?.height).toBeLessThan(56)
    await bar.getByRole('link', { name: 'Export' }).waitFor()
    await page.getByLabel('Horizontal').selectOption('words')
    await page.reload()
    await page.getByRole('heading', { name: 'All measures' }).waitFor()
    expect(await page.getByLabel('Horizontal').inputValue()).toBe('words')

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
    await consent.check()
    // The consent ends with the model that it was given for.
    await page.getByLabel('Model', { exact: true }).fill('judge-2')
    expect(await consent.isChecked()).toBe(false)
    // A confirmed server is asked for its models only.
    expect(requests.filter(({ url }) => url !== '/v1/models')).toEqual([])
    await consent.check()
    await send.click()
    await page.getByText(/\d+ questions judged\./).waitFor()
    await table.getByRole('button', { name: 'Judge ↑', exact: true }).waitFor()
    await takeAction(page, 'evaluation', MENU_WORDS.judge)
    expect(await page.getByLabel(/^API key/).inputValue()).toBe('')

    // The key is in no file.
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
})
