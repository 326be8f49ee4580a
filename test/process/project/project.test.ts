import { malformedCases } from '../../fixtures/malformed'
import { elementAt } from '../../../src/contract/model/look-up'
import { settingsKeyOf } from '../../../src/main/project/documents/settings-key'
import { chmod, cp, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { DEFAULT_RENDERING, type SweepDocument } from '../../../src/contract/documents/crc'
import { ProjectDocument } from '../../../src/contract/documents/project'
import { computedRows } from '../../../src/main/crc/sweep/sweep-pace'
import { createProject } from '../../../src/main/project/create-project'
import { formatJson } from '../../../src/main/base/files/json-format'
import { type DocumentFormat, migrateFile, readDocument } from '../../../src/main/base/files/migrate'
import { openProject } from '../../../src/main/project/open-project'
import type { Project } from '../../../src/main/project/project'
import { bundleProgram, LineProcess } from '../../fixtures/bundled-program'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { problemOf } from '../../fixtures/problems'
import { PROMPTS, sweepFixture } from '../../fixtures/project-documents'
import { COMPUTED } from '../../fixtures/run-computation'

const PAIR = { kind: 'folders', base: '/models/base', post: '/models/post' } as const

let folder: string

beforeEach(async () => {
  folder = await temporaryFolder()
})

async function newProject(): Promise<Project> {
  const project = await createProject({ folder, name: 'Shapes', pair: PAIR, prompts: PROMPTS })
  onTestFinished(() => project.close())
  return project
}

async function open(path: string): Promise<Project> {
  const project = await openProject(path)
  onTestFinished(() => project.close())
  return project
}

/** A project on the disk that nobody holds. */
async function closedProject(): Promise<string> {
  const project = await newProject()
  await project.close()
  return project.path
}

/** Every file below a folder with its content, to see that nothing changed. */
async function snapshot(path: string): Promise<Record<string, string>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')])))
}

describe('creating a project', () => {
  test('makes NAME.slr with readable documents, and leaves it open for writing', async () => {
    const project = await newProject()
    expect(project.path).toBe(join(folder, 'Shapes.slr'))
    expect(project.document).toMatchObject({
      ...{ schemaVersion: 4, revision: 0, name: 'Shapes', notes: '', nextPair: 2 },
      pairs: [{ id: 'pair-1', location: PAIR, settings: { rho: 0.9 }, recipes: [], notes: '' }]
    })
    expect(project.firstPair.document.rendering).toEqual(DEFAULT_RENDERING)
    expect(project.prompts).toEqual(PROMPTS)
    expect([project.firstPair.sweeps, project.warnings, project.readOnly]).toEqual([[], [], null])
    expect(await readdir(folder)).toEqual(['Shapes.slr'])
    expect(await readFile(join(project.path, 'prompts/crc.json'), 'utf8')).toBe(
      '[\n  {"text":"One letter, please.","category":"letter","valid":["A","B","C"]},\n' +
        '  {"text":"One digit, please.","category":"digit","valid":["0","1"]}\n]\n'
    )
    const text = await readFile(join(project.path, 'project.json'), 'utf8')
    expect(text.split('\n').slice(0, 3)).toEqual(['{', '  "kind": "project",', '  "schemaVersion": 4,'])
  })

  test('takes names as people type them', async () => {
    const name = ' Qwen3 8B – naïve (2).slr '
    const project = await createProject({ folder, name, pair: PAIR, prompts: PROMPTS })
    await project.close()
    expect(project.document.name).toBe('Qwen3 8B – naïve (2)')
    expect(basename(project.path)).toBe('Qwen3 8B – naïve (2).slr')
  })

  test.each(malformedCases('project-names', z.strictObject({ name: z.string(), message: z.string() })))(
    'refuses the name $name',
    async ({ name, message }) => {
      const problem = await problemOf(createProject({ folder, name, pair: PAIR, prompts: PROMPTS }))
      expect(problem.code).toBe('bad-input')
      expect(problem.message).toContain(message)
      expect(await readdir(folder)).toEqual([])
    }
  )

  test('puts no name anywhere but directly in the folder', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 30 }), async (name) => {
        try {
          const project = await createProject({ folder, name, pair: PAIR, prompts: PROMPTS })
          await project.close()
        } catch (error) {
          expect(error).toHaveProperty('problem.code', 'bad-input')
        }
        const made = await readdir(folder)
        expect(made.every((entry) => /^[^.].*\.slr$/u.test(entry))).toBe(true)
        await Promise.all(made.map((entry) => rm(join(folder, entry), { recursive: true })))
      }),
      { numRuns: 40 }
    )
  })

  test('refuses a name that is taken, whatever lies there, and a parent that is missing', async () => {
    await mkdir(join(folder, 'Taken.slr'))
    const taken = await problemOf(createProject({ folder, name: 'Taken', pair: PAIR, prompts: PROMPTS }))
    const message = `${join(folder, 'Taken.slr')} is there already.`
    expect(taken).toMatchObject({ code: 'bad-input', message })
    expect(await readdir(join(folder, 'Taken.slr'))).toEqual([])

    const parent = join(folder, 'missing')
    const orphan = createProject({ folder: parent, name: 'P', pair: PAIR, prompts: PROMPTS })
    const missing = await problemOf(orphan)
    expect(missing).toMatchObject({ code: 'not-found', message: expect.stringContaining(parent) })
    expect(await readdir(folder)).toEqual(['Taken.slr'])
  })
})

describe('opening a project', () => {
  test('finds saved results by the folder, its project.json or a link to it', async () => {
    const project = await newProject()
    await project.update({ notes: 'try 3-7' })
    await project.firstPair.update({ settings: { rho: 0.8, uniformBlendCount: 0 } })
    await project.savePrompts(PROMPTS.slice(0, 1))
    const saved = project.document
    await project.close()
    const link = join(folder, 'link.slr')
    await symlink(project.path, link)
    for (const path of [project.path, `${project.path}/`, join(project.path, 'project.json'), link]) {
      const opened = await openProject(path)
      expect(opened.path).toBe(project.path)
      expect(opened.document).toEqual(saved)
      expect(opened.firstPair.document.settings.rho).toBe(0.8)
      expect(opened.prompts).toEqual(PROMPTS.slice(0, 1))
      await opened.close()
    }
  })

  test('says when there is no folder, or a folder that is no project', async () => {
    const missing = join(folder, 'nothing.slr')
    const none = { code: 'not-found', message: `There is no folder ${missing}.` }
    expect(await problemOf(openProject(missing))).toMatchObject(none)
    const message = `${folder} is not a project: it has no project.json.`
    const other = { code: 'not-found', message, hint: expect.stringContaining('NAME.slr') }
    expect(await problemOf(openProject(folder))).toMatchObject(other)
    expect(await readdir(folder)).toEqual([])
  })

  const Malformed = z.strictObject({ file: z.string(), content: z.string(), message: z.string() })
  test.each(malformedCases('project-files', Malformed))(
    'names the file and the field when $file is $content',
    async ({ file, content, message }) => {
      const path = await closedProject()
      await writeFile(join(path, file), content, 'latin1')
      const before = await snapshot(path)
      const problem = await problemOf(openProject(path))
      expect(problem.message).toContain(`${join(path, file)} ${message}`)
      expect(await snapshot(path)).toEqual(before)
    }
  )

  test('names the prompt file when it is missing', async () => {
    const path = await closedProject()
    await rm(join(path, 'prompts'), { recursive: true })
    const message = `There is no file ${join(path, 'prompts/crc.json')}.`
    expect(await problemOf(openProject(path))).toMatchObject({ code: 'not-found', message })
  })

  test('refuses a project of a newer version and does not touch it', async () => {
    const path = await closedProject()
    const file = join(path, 'project.json')
    await writeFile(file, JSON.stringify({ schemaVersion: 5, future: true }))
    const before = await snapshot(path)
    const folderBefore = await stat(path)
    const message = `${file} is a project of version 5; this program reads versions up to 4.`
    expect(await problemOf(openProject(path))).toMatchObject({ code: 'newer-version', message })
    expect(await snapshot(path)).toEqual(before)
    expect((await stat(path)).mtimeMs).toBe(folderBefore.mtimeMs)
  })

  test('reads documents and sweeps no further than an ordinary file in an ordinary folder', async () => {
    const elsewhere = join(folder, 'elsewhere')
    await cp(await closedProject(), elsewhere, { recursive: true })
    const path = join(folder, 'Shapes.slr')
    for (const name of ['project.json', 'prompts/crc.json', 'prompts']) {
      await rm(join(path, name), { recursive: true })
      await symlink(join(elsewhere, name), join(path, name))
      const message = expect.stringContaining(`${join(path, name)} is not an ordinary`)
      expect(await problemOf(openProject(path))).toMatchObject({ code: 'bad-file', message })
      await rm(join(path, name))
      await cp(join(elsewhere, name), join(path, name), { recursive: true })
    }
    expect((await open(path)).warnings).toEqual([])
  })
})

describe('changing a project', () => {
  test('makes every change, in order, when several are under way at once', async () => {
    const project = await newProject()
    const rhos = Array.from({ length: 20 }, (_, index) => index / 20)
    await Promise.all([
      ...rhos.map((rho) => project.firstPair.update({ settings: { rho, uniformBlendCount: 0 } })),
      project.update({ notes: 'kept' }),
      project.update({ name: 'Renamed' }),
      project.savePrompts(PROMPTS.slice(1)),
      project.firstPair.saveSweep(sweepFixture())
    ])
    const named = { notes: 'kept', name: 'Renamed' }
    expect(project.document).toMatchObject({ ...named, pairs: [{ settings: { rho: 0.95 } }] })
    const stored: unknown = JSON.parse(await readFile(join(project.path, 'project.json'), 'utf8'))
    expect(stored).toEqual({ kind: 'project', ...project.document })
    const files = await readdir(project.path, { recursive: true })
    expect(files.toSorted()).toEqual(
      [
        ...['.lock', 'Open.slrproject', 'project.json', 'prompts', 'prompts/crc.json'],
        ...['pairs', 'pairs/pair-1', 'pairs/pair-1/sweeps', 'pairs/pair-1/sweeps/sweep-1.json'],
        'pairs/pair-1/sweeps/sweep-1.a.scores',
        'pairs/pair-1/sweeps/sweep-1.summary.json'
      ].toSorted()
    )
  })

  test('refuses a wrong value by its field and keeps the old one', async () => {
    const project = await newProject()
    const before = await snapshot(project.path)
    const tooLarge = await problemOf(project.firstPair.update({ settings: { rho: 2 } }))
    expect(tooLarge).toMatchObject({ code: 'bad-input', message: expect.stringContaining('settings.rho: ') })
    expect(await problemOf(project.savePrompts([]))).toMatchObject({ code: 'bad-input' })
    const sweep = sweepFixture()
    const refusal = async (changes: Partial<SweepDocument>): Promise<string> =>
      (await problemOf(project.firstPair.saveSweep({ ...sweep, ...changes }))).message
    expect(await refusal({ post: { ...sweep.post, validity: NaN } })).toContain('post.validity: ')
    const range = elementAt(sweep.ranges, 0, 'range')
    const prompts = range.prompts.map((score) => ({ ...score, probabilities: [NaN] }))
    const ranges = [{ ...range, prompts }, ...sweep.ranges.slice(1)]
    expect(await refusal({ ranges })).toMatch(/a score is not a finite number/)
    expect(project.firstPair.document.settings.rho).toBe(0.9)
    expect(await snapshot(project.path)).toEqual(before)
  })

  test('takes a field that is undefined for one that was not given', async () => {
    const project = await newProject()
    await project.update({ notes: 'a note' })
    await project.update({ notes: undefined, name: 'Other' })
    expect(project.document).toMatchObject({ notes: 'a note', name: 'Other' })
  })

  test('replaces a link that was planted meanwhile instead of writing through it', async () => {
    const project = await newProject()
    const target = join(folder, 'precious')
    await writeFile(target, 'precious')
    await rm(join(project.path, 'project.json'))
    await symlink(target, join(project.path, 'project.json'))
    await project.update({ notes: 'new' })
    expect(await readFile(target, 'utf8')).toBe('precious')
    expect((await lstat(join(project.path, 'project.json'))).isFile()).toBe(true)

    await mkdir(join(project.path, 'pairs/pair-1'), { recursive: true })
    await symlink(folder, join(project.path, 'pairs/pair-1', 'sweeps'))
    expect((await problemOf(project.firstPair.saveSweep(sweepFixture()))).code).toBe('bad-file')
    expect((await readdir(folder)).toSorted()).toEqual(['Shapes.slr', 'precious'])
  })

  test('waits for changes under way when it is closed, and makes none afterwards', async () => {
    const project = await newProject()
    const change = project.update({ notes: 'last words' })
    await project.close()
    await change
    expect(await readdir(project.path)).not.toContain('.lock')
    const late = await problemOf(project.update({ notes: 'too late' }))
    expect(late).toMatchObject({ code: 'read-only', message: expect.stringContaining('was closed') })
    expect((await open(project.path)).document.notes).toBe('last words')
  })

  test('says so when the folder was taken away', async () => {
    const project = await newProject()
    await rm(project.path, { recursive: true })
    expect((await problemOf(project.update({ notes: 'where?' }))).code).toBe('not-found')
    expect(await readdir(folder)).toEqual([])
  })
})

describe('the sweeps of a project', () => {
  test('are listed newest first with the score of the selected range, and read one at a time', async () => {
    const project = await newProject()
    const older = sweepFixture({ id: 'b', createdAt: '2026-01-02T00:00:00Z' })
    const newer = sweepFixture({ id: 'a', createdAt: '2026-01-02T00:00:00.500Z' })
    await project.firstPair.saveSweep(newer)
    await project.firstPair.saveSweep(older)
    const selected = newer.ranges[0]
    expect(project.firstPair.sweeps.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(project.firstPair.sweeps[0]).toEqual({
      ...{ id: 'a', createdAt: newer.createdAt, seconds: 3.2, checkpoints: { base: 'aa', post: 'bb' } },
      ...{ computedRows: computedRows(newer), isPreview: false, wholeRows: null },
      ...{ settingsKey: settingsKeyOf(newer), layerCount: 2, promptCount: 2, exactCount: 3, source: null },
      ...{ scoredBy: { kind: 'crc' }, selected: { start: 0, end: 0 }, verdict: null, baselines: [] },
      post: { validity: newer.post.validity, diversity: newer.post.diversity },
      best: { validity: selected?.validity, diversity: selected?.diversity },
      bestAnswers: null,
      computed: { ...COMPUTED, programVersion: newer.programVersion }
    })
    expect(await project.firstPair.readSweep('b')).toEqual(older)
    await project.close()
    const again = await open(project.path)
    expect(again.firstPair.sweeps).toEqual(project.firstPair.sweeps)
    await again.firstPair.saveSweep({ ...older, seconds: 9 })
    const listed = again.firstPair.sweeps.map(({ id, seconds }) => `${id} ${seconds}`)
    expect(listed).toEqual(['a 3.2', 'b 9'])
  })

  test('are left out with a warning when they cannot be read, and the others stay', async () => {
    const project = await newProject()
    await project.firstPair.saveSweep(sweepFixture({ id: 'good' }))
    await project.close()
    const put = (name: string, content: unknown): Promise<void> =>
      writeFile(join(project.path, 'pairs/pair-1', 'sweeps', name), JSON.stringify(content))
    await put('broken.json', { ...sweepFixture({ id: 'broken' }), post: null })
    await put('newer.json', { ...sweepFixture({ id: 'newer' }), schemaVersion: 7 })
    await put('other.json', sweepFixture({ id: 'renamed' }))
    await put('bad name.json', sweepFixture())
    await writeFile(join(project.path, 'pairs/pair-1', 'sweeps', '.half.json.tmp'), '{')
    await symlink('/etc/passwd', join(project.path, 'pairs/pair-1', 'sweeps', 'passwd.json'))
    const opened = await open(project.path)
    expect(opened.firstPair.sweeps.map(({ id }) => id)).toEqual(['good'])
    expect(opened.warnings.toSorted()).toEqual([
      expect.stringMatching(/broken\.json is not a sweep: post: /),
      expect.stringMatching(/newer\.json is a sweep of version 7; .*up to 4/),
      expect.stringMatching(/other\.json holds the sweep renamed/),
      expect.stringMatching(/passwd\.json is not an ordinary file/),
      expect.stringMatching(/no sweep "bad name"/)
    ])
  })
})

describe('a document of an older version', () => {
  const Third = z.object({ schemaVersion: z.literal(3), title: z.string(), tags: z.array(z.string()) })
  const format: DocumentFormat<z.infer<typeof Third>> = {
    kind: 'work-list',
    name: 'thing',
    schema: Third,
    version: 3,
    migrations: {
      1: ({ name, ...rest }) => ({ ...rest, title: name }),
      2: (document) => ({ ...document, tags: [] })
    },
    maxBytes: 1_000
  }
  const first = '{ "schemaVersion": 1, "name": "old" }'
  const migrated = { schemaVersion: 3, title: 'old', tags: [] }
  let file: string

  beforeEach(async () => {
    file = join(folder, 'thing.json')
    await writeFile(file, first)
  })

  test('is brought up one version at a time, with a copy of the file as it was', async () => {
    const { document, backup } = await migrateFile(file, format)
    expect(document).toEqual(migrated)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ kind: 'work-list', ...migrated })
    expect(backup).toMatch(/^thing\.json\.version-1\..*\.bak$/)
    expect(await readFile(join(folder, backup ?? ''), 'utf8')).toBe(first)
    expect(await migrateFile(file, format)).toEqual({ document: migrated, backup: null })
    expect(await readdir(folder)).toHaveLength(2)
  })

  test('is unchanged when a step is missing or its result is wrong', async () => {
    const gap = { ...format, migrations: { 1: format.migrations[1] ?? fail } }
    expect((await problemOf(migrateFile(file, gap))).message).toContain('version 2, which no release wrote')
    const wrong = { ...format, migrations: { ...format.migrations, 2: fail } }
    expect((await problemOf(migrateFile(file, wrong))).message).toContain(`${file} is not a thing: title: `)
    expect(await snapshot(folder)).toEqual({ [file]: first })
  })

  test('is read up to a size limit', async () => {
    await writeFile(file, `${first}${' '.repeat(1_000)}`)
    const { message } = await problemOf(readDocument(file, format))
    expect(message).toContain('more than the 1.0 kB that are read')
  })
})

/** A migration that loses everything. */
function fail(): Record<string, unknown> {
  return {}
}

describe('the format of documents', () => {
  test('keeps every value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(formatJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      })
    )
  })

  test('puts one thing that is compared as a whole on a line', () => {
    const recipe = { name: 'upper', ranges: [[3, 7]] }
    expect(formatJson({ name: 'a', missing: undefined, recipes: [{ recipe, at: null }], notes: [] })).toBe(
      '{\n  "name": "a",\n  "recipes": [\n    {\n      "recipe": {\n        "name": "upper",\n' +
        '        "ranges": [\n          [3,7]\n        ]\n      },\n      "at": null\n    }\n  ],\n  "notes": []\n}\n'
    )
  })
})

describe.skipIf(process.platform === 'win32')('a project that cannot be written', () => {
  let program: string

  beforeAll(async () => {
    const bundle = await bundleProgram('project-process.ts')
    program = bundle.file
    return bundle.remove
  })

  async function answer(command: string, args: string[]): Promise<unknown> {
    const child = new LineProcess(command, args)
    onTestFinished(() => child.kill())
    const said: unknown = JSON.parse(await child.line())
    await child.ended()
    return said
  }

  test('opens for viewing, also while its owner has it open, and refuses every change', async () => {
    const project = await newProject()
    await project.firstPair.saveSweep(sweepFixture())
    await chmod(folder, 0o755)
    const allow = (mode: number) =>
      Promise.all([project.path, join(project.firstPair.folder, 'sweeps')].map((path) => chmod(path, mode)))
    await allow(0o555)
    const before = await snapshot(project.path)
    const why = `${project.path} is open for viewing only. The folder cannot be written: EACCES`
    const [message, hint] = [why, 'copy the folder'].map((words) => expect.stringContaining(words))
    const refusal = { code: 'read-only', message, hint }
    expect(await answer(process.execPath, [program, 'view', project.path])).toEqual({
      ...{ readOnly: expect.stringContaining('EACCES'), name: 'Shapes', sweep: 'sweep-1' },
      ...{ update: refusal, savePrompts: refusal, saveSweep: refusal }
    })
    expect(await snapshot(project.path)).toEqual(before)
    await allow(0o755)
  })

  test('keeps the old content when the disk fills up in the middle of a file', async () => {
    const path = await closedProject()
    const before = await snapshot(path)
    // At most 32 blocks of 512 bytes (or 1,024, by the shell) per file.
    const limited = `ulimit -f 32 && exec "${process.execPath}" "${program}" overfill "${path}"`
    const refusal = { code: 'read-only', message: expect.stringContaining('cannot be written: EFBIG') }
    expect(await answer('sh', ['-c', limited])).toMatchObject({
      update: { ...refusal, hint: expect.stringContaining('unchanged') },
      saveSweep: refusal,
      notes: '',
      sweeps: 0
    })
    const opened = await open(path)
    expect(ProjectDocument.parse(opened.document).notes).toBe('')
    await opened.close()
    expect(await snapshot(path)).toEqual(before)
  })
})
