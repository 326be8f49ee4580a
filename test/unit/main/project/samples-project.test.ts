import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type SampledCrc, SampleRun } from '../../../../src/contract/documents/samples'
import { createProject } from '../../../../src/main/project/create-project'
import { openProject } from '../../../../src/main/project/open-project'
import type { Project } from '../../../../src/main/project/project'
import { measureRun } from '../../../../src/main/measures/host'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'
import { PROMPTS, undo } from '../../../fixtures/project-documents'
import { reopened } from '../../../fixtures/reopened'
import { COMPUTED } from '../../../fixtures/run-computation'
import { SAMPLE_SETTINGS, sampleLine, sampleLines, sampleRunFixture } from '../../../fixtures/sample-documents'

let folder: string

beforeEach(async () => {
  folder = await temporaryFolder()
})

async function newProject(name = 'Samples'): Promise<Project> {
  const pair = { kind: 'folders', base: '/models/base', post: '/models/post' } as const
  const project = await createProject({ folder, name, pair, prompts: PROMPTS })
  onTestFinished(() => project.close())
  return project
}

/** A project that has a run, its samples, and where a file of them lies. */
async function withRun(changes: Parameters<typeof sampleRunFixture>[0] = {}) {
  const project = await newProject()
  const { samples } = project.firstPair
  const run = sampleRunFixture(changes)
  await samples.addRun(run)
  const fileOf = (name: string): string => join(project.path, 'pairs/pair-1/samples', name)
  return { project, samples, run, fileOf }
}

describe('sample prompts', () => {
  test('are kept with the project once they are saved', async () => {
    const project = await newProject()
    expect(project.samplePrompts).toBeNull()
    const prompts = [
      { text: 'Name a colour.', category: 'naming', raw: false },
      { text: 'Once upon a time', category: '', raw: true, system: 'Be brief.' }
    ]
    await project.saveSamplePrompts(prompts)
    expect((await reopened(project)).samplePrompts).toEqual(prompts)
  })

  test('are refused when one is empty, and the saved ones stay', async () => {
    const project = await newProject()
    await project.saveSamplePrompts([{ text: 'Name a colour.', category: '', raw: false }])
    const problem = await problemOf(project.saveSamplePrompts([{ text: '', category: '', raw: false }]))
    expect(problem).toMatchObject({ code: 'bad-input', message: expect.stringContaining('entry 1: text') })
    expect((await reopened(project)).samplePrompts).toMatchObject([{ text: 'Name a colour.' }])
  })

  test('of a broken file are refused by the file name when the project is opened', async () => {
    const project = await newProject()
    await project.close()
    await writeFile(join(project.path, 'prompts/samples.json'), '[{"txt": "Name a colour."}]')
    const problem = await problemOf(openProject(project.path))
    expect(problem.message).toContain('samples.json')
  })
})

describe('the setup of the next run', () => {
  const setup = { settings: sampleRunFixture().settings }

  test('is kept with the project, and a project without one opens as before', async () => {
    const project = await newProject()
    expect(project.firstPair.document.settings.samples).toBeUndefined()
    await project.firstPair.update({ settings: { rho: 0.8, samples: setup } })
    expect((await reopened(project)).firstPair.document.settings).toMatchObject({ rho: 0.8, samples: setup })
  })
})

describe('the character check', () => {
  const { basePath, postPath, rendering, settings, variants } = sampleRunFixture()
  const score = { validity: 0.9, diversity: 0.5 }
  const check: SampledCrc = {
    ...{ schemaVersion: 2, createdAt: '2026-01-02T03:04:05.000Z', basePath, postPath, rendering },
    ...{ prompts: PROMPTS, settings, variants, weights: 'fp32', precision: 'fp32' },
    scores: variants.map(({ name }) => ({
      ...{ variant: name, answers: score, firstToken: score },
      ...{ exact: null, tolerance: 0.02, disagrees: false }
    }))
  }

  test('is kept with the project, only the latest one', async () => {
    const project = await newProject()
    expect(await project.firstPair.samples.readCheck()).toBeNull()
    await project.firstPair.samples.saveCheck(check)
    const later = { ...check, createdAt: '2026-01-03T03:04:05.000Z' }
    await project.firstPair.samples.saveCheck(later)
    expect(await (await reopened(project)).firstPair.samples.readCheck()).toEqual(later)
  })

  test('of a broken file is refused by name and field, and the project opens', async () => {
    const project = await newProject()
    await project.firstPair.samples.saveCheck(check)
    const file = join(project.path, 'pairs/pair-1', 'sampled-crc.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace('"fp32"', '"fp7"'))
    const problem = await problemOf((await reopened(project)).firstPair.samples.readCheck())
    expect(problem).toMatchObject({ code: 'bad-file', message: expect.stringContaining('sampled-crc.json') })
    expect(problem.message).toContain('weights')
  })
})

describe('a sample run', () => {
  test('is a readable document with a line for every answer, and is there after reopening', async () => {
    const { project, samples, run, fileOf } = await withRun()
    const lines = sampleLines(run)
    for (const line of lines) await samples.appendAnswers(run.id, [line])

    const file = await readFile(fileOf('run-1.jsonl'), 'utf8')
    expect(file.split('\n').map((text) => text !== '' && JSON.parse(text))).toEqual([...lines, false])
    const again = await reopened(project)
    expect(await again.firstPair.samples.readAnswers('run-1')).toEqual({ run, samples: lines })
    expect(again.firstPair.samples.runs).toEqual([
      {
        ...{ id: 'run-1', checkpoints: { base: 'aa', post: 'bb' }, createdAt: run.createdAt, promptCount: 2 },
        ...{ variantNames: ['post', 'upper'], sampleCount: 12, sampleTotal: 12 },
        computed: { ...COMPUTED, precision: null, draws: 3 }
      }
    ])
    expect(again.firstPair.samples.runs).toEqual(samples.runs)
  })

  test('keeps its marks, settings and weights apart: changing one leaves the others', async () => {
    const { project, samples, run } = await withRun()
    const among = ['upper', 'post']
    const marks = [{ prompt: 0, index: 1, size: 1, among, verdict: 'preferred' as const, variant: 'upper' }]
    const settings = { ...run.settings, sampleCount: 9 }
    await Promise.all([
      samples.changeRun('run-1', { weights: 'int8', precision: 'fp32' }),
      samples.vote('run-1', marks, []),
      samples.changeRun('run-1', { settings })
    ])
    const again = await reopened(project)
    const changed = { weights: 'int8', precision: 'fp32', marks, settings }
    expect(await again.firstPair.samples.readRun('run-1')).toEqual({ ...run, ...changed })
    expect(again.firstPair.samples.runs).toMatchObject([{ sampleCount: 0, sampleTotal: 36 }])
  })

  test('gives votes back by undo, except one that another window has changed since', async () => {
    const { project, samples } = await withRun()
    const at = (index: number) => ({ prompt: 0, index, size: 1, among: ['upper', 'post'] })
    const [tie, skipped] = [
      { ...at(0), verdict: 'tie' as const },
      { ...at(1), verdict: 'skipped' as const }
    ]
    const marks = async () => (await samples.readRun('run-1')).marks
    const decided = await samples.vote('run-1', [tie], [])
    await samples.vote('run-1', [skipped], [])
    const cleared = await samples.vote('run-1', [], [tie, skipped])
    expect(await samples.vote('run-1', [], [tie])).toBeNull()
    expect(await marks()).toEqual([])
    const restored = await undo(project, cleared)
    expect(await marks()).toEqual([tie, skipped])
    await undo(project, decided)
    expect(await marks()).toEqual([skipped])
    expect(await problemOf(undo(project, restored))).toMatchObject({
      code: 'stale',
      message: 'Not undone: the vote changed elsewhere since.'
    })
  })

  test('of a program that knew only the CPU opens with that device', async () => {
    const { project, run, fileOf } = await withRun({ weights: 'int8', precision: 'fp32' })
    const file = fileOf('run-1.json')
    const { precision, ...older } = SampleRun.parse(JSON.parse(await readFile(file, 'utf8')))
    const { device, ...settings } = older.settings
    await writeFile(file, JSON.stringify({ ...older, settings }))
    expect({ precision, device }).toEqual({ precision: 'fp32', device: 'cpu' })
    expect(await (await reopened(project)).firstPair.samples.readRun('run-1')).toEqual(run)
  })

  test('lists the newest run first', async () => {
    const project = await newProject()
    for (const [id, month] of ['a 01', 'b 03', 'c 02'].map((text) => text.split(' '))) {
      const run = sampleRunFixture({ id, createdAt: `2026-${month}-02T03:04:05Z` })
      await project.firstPair.samples.addRun(run)
    }
    expect(project.firstPair.samples.runs.map(({ id }) => id)).toEqual(['b', 'c', 'a'])
    expect((await reopened(project)).firstPair.samples.runs).toEqual(project.firstPair.samples.runs)
  })

  test('cut off anywhere by a crash has every answer before the cut, and continues from there', async () => {
    const { samples, run, fileOf } = await withRun()
    const lines = sampleLines(run)
    const whole = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.byteLength), async (cut) => {
        const file = fileOf('run-1.jsonl')
        await writeFile(file, whole)
        await truncate(file, cut)
        const complete = whole.subarray(0, cut).toString('latin1').split('\n').length - 1
        expect((await samples.readAnswers('run-1')).samples).toEqual(lines.slice(0, complete))
        await samples.appendAnswers('run-1', lines.slice(complete))
        expect(await readFile(file)).toEqual(whole)
      })
    )
  })

  test('names the line that is no answer of it', async () => {
    const { samples, fileOf } = await withRun()
    const good = JSON.stringify(sampleLine())
    const problemWith = async (line: string): Promise<string> => {
      await writeFile(fileOf('run-1.jsonl'), `${good}\n${line}\n${good}\n`)
      const { code, message } = await problemOf(samples.readAnswers('run-1'))
      expect(code).toBe('bad-file')
      return message
    }
    expect(await problemWith('{"variant": "po')).toMatch(/run-1\.jsonl, line 2 is not JSON/)
    expect(await problemWith('{"variant": "post"}')).toMatch(/line 2 is not an answer: prompt/)
    const [ofOther, beyond] = [sampleLine({ variant: 'other' }), sampleLine({ prompt: 2 })]
    expect(await problemWith(JSON.stringify(ofOther))).toMatch(/line 2: the run has no variant "other"/)
    expect(await problemWith(JSON.stringify(beyond))).toMatch(/line 2: .* a prompt 2/)
  })

  test('counts an answer once that is stored twice', async () => {
    const { samples } = await withRun()
    await samples.appendAnswers('run-1', [sampleLine(), sampleLine({ text: 'again' })])
    expect((await samples.readAnswers('run-1')).samples).toEqual([sampleLine()])
  })

  test('of version 1 keeps its preferences: of single answers, all variants at once', async () => {
    const { project, fileOf } = await withRun()
    const oldMarks = [{ prompt: 1, index: 2, variant: 'upper' }]
    const old = { ...sampleRunFixture(), schemaVersion: 1, marks: oldMarks }
    await writeFile(fileOf('run-1.json'), JSON.stringify(old))
    const again = await reopened(project)
    expect(again.warnings).toEqual([])
    const among = ['post', 'upper']
    const marks = [{ prompt: 1, index: 2, size: 1, among, verdict: 'preferred', variant: 'upper' }]
    expect(await again.firstPair.samples.readRun('run-1')).toEqual({ ...sampleRunFixture(), marks })
  })

  test('is left out with a warning when it cannot be read, and the others stay', async () => {
    const { project, fileOf } = await withRun({ id: 'good' })
    const put = (name: string, content: unknown): Promise<void> => writeFile(fileOf(name), JSON.stringify(content))
    await put('broken.json', { ...sampleRunFixture({ id: 'broken' }), prompts: null })
    await put('newer.json', { ...sampleRunFixture({ id: 'newer' }), schemaVersion: 7 })
    await symlink('/etc/passwd', fileOf('passwd.json'))
    await put('linked.json', sampleRunFixture({ id: 'linked' }))
    await symlink('/etc/passwd', fileOf('linked.jsonl'))
    const again = await reopened(project)
    expect(again.firstPair.samples.runs.map(({ id }) => id)).toEqual(['good'])
    expect(again.warnings.toSorted()).toEqual([
      expect.stringMatching(/broken\.json is not a sample run: prompts: /),
      expect.stringMatching(/linked\.jsonl is not an ordinary file/),
      expect.stringMatching(/newer\.json is a sample run of version 7; .*up to 3/),
      expect.stringMatching(/passwd\.json is not an ordinary file/)
    ])
  })

  test('never writes answers through a link', async () => {
    const { samples, fileOf } = await withRun()
    const outside = join(folder, 'outside')
    await writeFile(outside, 'mine')
    await symlink(outside, fileOf('run-1.jsonl'))
    const { code } = await problemOf(samples.appendAnswers('run-1', [sampleLine()]))
    expect(code).toBe('bad-file')
    expect(await readFile(outside, 'utf8')).toBe('mine')
  })

  test('says that its answers cannot be written, and keeps those it has', async () => {
    const { samples, fileOf } = await withRun()
    await mkdir(fileOf('run-1.jsonl'))
    const { message } = await problemOf(samples.appendAnswers('run-1', [sampleLine()]))
    expect(message).toMatch('run-1.jsonl')
    expect(samples.runs).toMatchObject([{ sampleCount: 0 }])
  })

  test('of 10,000 answers is appended, read and measured within seconds', async () => {
    const prompts = Array.from({ length: 25 }, (_, prompt) => ({
      ...{ text: `Prompt ${prompt}`, category: '', raw: false, rendered: '', tokens: [1] }
    }))
    const settings = { ...SAMPLE_SETTINGS, sampleCount: 200 }
    const { samples, run } = await withRun({ prompts, settings })
    const words = ['a', 'grey', 'cat', 'and', 'two', 'old', 'dogs', 'sang', 'under', 'stars']
    const lines = sampleLines(run).map((line, place) => ({
      ...line,
      text: Array.from({ length: 40 }, (_, word) => words[(place * 7 + word * word * 3) % 10]).join(' '),
      tokens: Array.from({ length: 60 }, (_, token) => (place + token) % 2_000)
    }))
    expect(lines).toHaveLength(10_000)
    const startedMs = performance.now()
    for (let at = 0; at < lines.length; at += 10) await samples.appendAnswers(run.id, lines.slice(at, at + 10))
    const stored = await samples.readAnswers(run.id)
    expect(stored.samples).toHaveLength(10_000)
    let answered = 0
    const requests = setInterval(() => answered++, 0)
    expect((await measureRun(run, stored.samples)).cells).toHaveLength(50)
    clearInterval(requests)
    // Other requests are answered meanwhile, not after it.
    expect(answered).toBeGreaterThan(5)
    expect(performance.now() - startedMs).toBeLessThan(20_000)
  })
})
