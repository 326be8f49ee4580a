import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { Task } from '../../src/contract/documents/task'
import { MENU_WORDS, SETTINGS_WORDS } from '../../src/contract/words/menu-words'
import { openProject } from '../../src/main/project/open-project'
import { downloadedText, expectAccessible, hoverCharts, it, openSettings } from '../fixtures/browser'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { evaluationRun } from '../fixtures/evaluation-documents'
import { fullProject } from '../fixtures/full-project'
import { always, startJudgeEndpoint } from '../fixtures/judge-endpoint'
import { LAYERS_4_11 } from '../fixtures/project-documents'
import { takeAction } from '../fixtures/ranges-view'
import { sampleLine } from '../fixtures/sample-documents'
import { demoProject } from '../fixtures/swept-project'

const WIDE = { width: 1440, height: 900 }

/** A project whose newest evaluation has names of many words, and a variant of which all answers were refused. */
async function longNamesProject(): Promise<string> {
  const project = await openProject(await fullProject(await temporaryFolder()))
  const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map(
    (end) => `${'a long name, '.repeat(6)}${end}`
  )
  const run = evaluationRun({
    id: 'evaluation-2',
    createdAt: '2030-01-01T00:00:00.000Z',
    variants: [
      { variant: { kind: 'post', name: 'post' } },
      ...names.map((name) => ({ variant: { kind: 'recipe' as const, name, recipe: { ...LAYERS_4_11, name } } }))
    ]
  })
  await project.firstPair.evaluations.add(run)
  await project.firstPair.evaluations.appendSamples(
    run.id,
    run.variants.flatMap(({ variant: { name: variant } }) =>
      run.task.prompts.flatMap((_, prompt) => {
        const isRefused = variant === names[0]
        const samples = [0, 1, 2, 3].map((index) => sampleLine({ variant, prompt, index, text: `Answer ${index}.` }))
        return samples.map((sample) => (isRefused ? { ...sample, text: '', finish: 'refused' as const } : sample))
      })
    )
  )
  await project.close()
  return project.path
}

describe('evaluations in Chromium', () => {
  it('show long names in full, close cells without answers, mark missing folders, and close settings that Tab leaves', async ({
    open
  }) => {
    const page = await open(await longNamesProject(), 'evaluate')
    const table = page.getByRole('region', { name: /per prompt and variant$/ })
    const chips = table.locator('thead .chip')
    await expect.poll(() => chips.count()).toBe(8)
    const cut = await chips.evaluateAll((all) => all.filter((chip) => chip.scrollHeight > chip.clientHeight).length)
    expect(cut).toBe(0)
    await page.getByRole('button', { name: /^no value: answers of a long name.* to prompt 1$/ }).click()
    const answers = page.getByRole('region', { name: 'Answers to prompt 1' })
    await answers.getByText('4 refused').waitFor()
    await answers.getByRole('button', { name: /^Close of a long name/ }).click()
    await answers.waitFor({ state: 'detached' })

    const settings = await openSettings(page, SETTINGS_WORDS.run)
    const folder = settings.getByRole('textbox', { name: 'Embedding model' })
    await folder.fill('abc')
    const problem = settings.getByText(/^There is no folder .*abc\.$/)
    await problem.waitFor()
    // Text with a space at its end is accepted when its field is left.
    await folder.fill('abc d ')
    await problem.waitFor({ state: 'detached' })
    await folder.fill('')
    await settings.getByRole('button', { name: 'Browse: Classifier of answers' }).press('Tab')
    await settings.waitFor({ state: 'hidden' })
  })

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
    // Each wrong field says what is wrong.
    await page.getByLabel(/^Rubric/).fill(' ')
    await page.getByRole('alert').filter({ hasText: 'say what to judge by' }).waitFor()

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
