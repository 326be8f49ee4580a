import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { SweepDocument } from '../../src/contract/documents/crc'
import { EvaluationView } from '../../src/contract/documents/evaluation'
import { Report } from '../../src/contract/documents/report'
import { SearchDocument } from '../../src/contract/documents/search'
import { DEPTH_RAMPS } from '../../src/contract/model/recipe'
import { browserMissing, downloadedText, expectPrintsWhole, it } from '../fixtures/browser'
import { runCli } from '../fixtures/cli'
import { runHere } from '../fixtures/command-line'
import { HOSTILE, reportedProject } from '../fixtures/reported-project'
import { shortPair } from '../fixtures/swept-project'

/** A project with something of everything, computed by the built engine; its names are hostile. */
let folder: string
let project: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'slr-report-')))
  vi.stubEnv('SLR_CONFIG_DIR', join(folder, 'config'))
  project = await reportedProject(folder)
}, 120_000)

afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

async function reportData(): Promise<Report> {
  const { status, stdout, stderr } = await runHere(['report', project, '--json', '--quiet'])
  expect([status, stderr]).toEqual([0, ''])
  return Report.parse(JSON.parse(stdout))
}

/** The arguments of `slr` in a printed command, as a shell takes it apart. */
async function readByShell(command: string): Promise<string[]> {
  const script = `slr() { printf '%s\\0' "$@"; }\n${command}\n`
  const { stdout } = await promisify(execFile)('sh', ['-c', script])
  return stdout.split('\0').slice(0, -1)
}

describe('slr report', () => {
  let report: Report
  beforeAll(async () => {
    report = await reportData()
  })

  it('contains every result of the project', () => {
    expect(report.sweep?.verdict).toMatchObject({
      state: 'baseline-better',
      headline: expect.stringMatching(/^Layers 4–5: diversity 0\.540 → 0\.868 on first tokens, but /)
    })
    expect(report.sweep).toMatchObject({
      ranges: { length: 21 },
      uniformBlends: { length: 3 + DEPTH_RAMPS.length },
      // The kept one, and attention and MLP of the selected range alone.
      recipes: { length: 3 }
    })
    expect(report.pair?.base.sha256?.['model.safetensors']).toMatch(/^[0-9a-f]{64}$/)
    expect(report.distances?.layers).toHaveLength(6)
    expect(report.sweep?.search?.verdict).toBe('confirmed')
    expect(report.samples[0]).toMatchObject({ promptCount: 2, answerCount: 24 })
    expect(report.characterCheck?.scores).toHaveLength(3)
    expect(report.evaluations[0]).toMatchObject({ complete: true, results: { comparedWith: 'post' } })
    expect(report.warnings).toEqual([])
  })

  it('writes HTML or Markdown, by the file name or --format, and prints only the report into pipes', async () => {
    const out = join(folder, 'report.md')
    const written = await runHere(['report', project, '--out', out])
    expect(written).toMatchObject({ status: 0, stdout: '', stderr: `Wrote ${out}\n` })
    const markdown = await readFile(out, 'utf8')
    expect(markdown).toMatch(/^# Report \\<\/script\\>/)
    expect(markdown).toContain('| 4–5 | 0.906 | 0.868 | 11.8 | +0.327 |')
    // Texts of users are escaped, except in fenced files.
    expect(markdown.replace(/^```\n.*?\n```$/gms, '')).not.toMatch(/(?<!\\)<img/)
    const printed = await runHere(['report', project, '--format', 'markdown'])
    expect(printed).toMatchObject({ status: 0, stderr: '' })
    expect(printed.stdout.split('\n').length).toBe(markdown.split('\n').length)
    expect((await runHere(['report', project, '--out', join(folder, 'report.txt')])).status).toBe(2)
    const missing = await runHere(['report', project, '--sweep', 'none'])
    expect(missing).toMatchObject({ status: 1, stdout: '' })
  })

  it('prints commands that compute the same again, one after another in one folder', async () => {
    const pair = await shortPair()
    const parts = report.reproduction.filter(({ part }) => /^(The sweep|Samples|Evaluation)/.test(part))
    const home = process.cwd()
    const place = join(folder, 'again')
    await mkdir(place)
    // A report names folders, not where they lie.
    for (const [name, target] of Object.entries(pair)) await symlink(target, join(place, name))
    for (const { commands } of parts) {
      for (const file of commands.flatMap(({ files }) => files)) {
        await writeFile(join(place, file.name), file.content)
      }
      try {
        process.chdir(place)
        for (const { command } of commands) {
          const { status, stderr } = await runHere([...(await readByShell(command)), '--quiet', '--json'])
          expect([status, stderr], command).toEqual([0, ''])
        }
      } finally {
        process.chdir(home)
      }
    }
    const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(place, name), 'utf8'))

    const sweep = SweepDocument.parse(await read('sweep.json'))
    const scores = (ranges: readonly { start: number; end: number; validity: number; diversity: number }[]) =>
      ranges.map(({ start, end, validity, diversity }) => [start, end, validity, diversity])
    expect(scores(sweep.ranges)).toEqual(scores(report.sweep?.ranges ?? []))
    expect(sweep.selection).toEqual(report.sweep?.selection)
    expect(sweep.uniformBlends.map(({ diversity }) => diversity)).toEqual(
      report.sweep?.uniformBlends.map(({ diversity }) => diversity)
    )
    const recipes = SweepDocument.parse(await read('recipes-scored.json')).recipes
    expect(recipes[0]?.diversity).toBeCloseTo(report.sweep?.recipes[0]?.diversity ?? 0, 5)
    const search = SearchDocument.parse(await read('search.json'))
    expect(search.found[0]?.recipe).toEqual(report.sweep?.search?.found[0]?.recipe)
    const evaluation = EvaluationView.parse(await read('demo-open-results.json'))
    expect(evaluation.results.variants).toEqual(report.evaluations[0]?.results.variants)
    const samples = await readFile(join(place, `samples-${report.samples[0]?.id ?? ''}.jsonl`), 'utf8')
    const stored = await readFile(
      join(project, 'pairs/pair-1', 'samples', `${report.samples[0]?.id ?? ''}.jsonl`),
      'utf8'
    )
    const texts = (lines: string): string[] =>
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ prompt, index, text }) => `${prompt} ${index} ${text}`)
        .sort()
    expect(texts(samples)).toEqual(texts(stored))
  })
})

/** Returns the usual words of cells that go on in another line. */
function brokenWords(cells: Element[]): string[] {
  return cells.flatMap((cell) => {
    const { firstChild: text } = cell
    if (!(text instanceof Text)) return []
    return [...text.data.matchAll(/\b[a-z]{2,9}\b/g)].flatMap(({ 0: word, index }) => {
      const range = document.createRange()
      range.setStart(text, index)
      range.setEnd(text, index + word.length)
      return range.getClientRects().length > 1 ? [word] : []
    })
  })
}

describe.skipIf(browserMissing !== null)('the report in Chromium', () => {
  async function show(
    browser: Browser,
    file: string,
    colorScheme: 'light' | 'dark'
  ): Promise<{ page: Page; asked: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme })
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(pathToFileURL(file).href)
    return { page, asked }
  }

  it('draws its charts from a file, prints whole, requests nothing, shows hostile names as text, and reads without scripts', async ({
    browser
  }) => {
    const file = join(folder, 'report.html')
    expect((await runCli(['report', project, '--out', file, '--quiet'])).status).toBe(0)
    const colors: string[][] = []
    for (const scheme of ['light', 'dark'] as const) {
      const { page, asked } = await show(browser, file, scheme)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(`Report ${HOSTILE}`)
      expect(await page.locator('img, iframe, link, object').count()).toBe(0)
      // Layers, the triangle beside the trade-off, and the evaluation.
      expect(await page.locator('figure:visible').count()).toBe(3)
      const drawn = page.locator('figure svg:visible')
      expect(await drawn.count()).toBe(4)
      const ink = drawn.locator('text').first()
      colors.push([
        await ink.evaluate((text) => getComputedStyle(text).fill),
        await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      ])
      await page.setViewportSize({ width: 1024, height: 700 })
      await page.waitForFunction(() => document.documentElement.scrollWidth === 1024)
      await page.setViewportSize({ width: 480, height: 700 })
      expect(await page.locator('td').evaluateAll(brokenWords)).toEqual([])
      expect(asked).toEqual([pathToFileURL(file).href])
      if (scheme === 'light') await expectPrintsWhole(page)
      await page.close()
    }
    const [light = [], dark = []] = colors
    expect(light.map((color, index) => color === dark[index])).toEqual([false, false])

    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(pathToFileURL(file).href)
    expect(await page.locator('figure:visible').count()).toBe(3)
    const row = page
      .getByRole('table', {
        name: /^The ranges of greatest diversity that keep the validity.*, of 21 ranges/
      })
      .getByRole('row')
      .nth(1)
    expect(await row.innerText()).toMatch(/4–5\s+0\.906\s+0\.868\s+11\.8\s+\+0\.327/)
    await context.close()
  })

  it('is saved by the window, while it has the project open', async ({ open }) => {
    const page = await open(project)
    await page.getByRole('button', { name: 'Report', exact: true }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('dialog').getByRole('button', { name: 'HTML page' }).click()
    expect((await download).suggestedFilename()).toBe('Report-report.html')
    expect((await downloadedText(await download)).startsWith('<!doctype html>')).toBe(true)
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect((await runHere(['report', project, '--quiet'])).status).toBe(0)
  })
})
