import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { NO_ANNOTATIONS } from '../../../../src/contract/documents/history'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { openProject } from '../../../../src/main/project/open-project'
import type { Project } from '../../../../src/main/project/project'
import { destroyRun, listTrash, trashRun, untrashRun } from '../../../../src/main/project/runs/run-trash'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { openDemo } from '../../../fixtures/open-demo'
import { problemOf } from '../../../fixtures/problems'
import { PROMPTS, sweepFixture, undo } from '../../../fixtures/project-documents'
import { sampleLines, sampleRunFixture } from '../../../fixtures/sample-documents'
import { tinyCheck, tinySearch } from '../../../fixtures/tiny-sweep'
import { reopened } from '../../../fixtures/reopened'
import { historyRun } from '../../../fixtures/run-computation'

const RECIPE = { name: 'upper', ranges: [[1, 1]] as [number, number][] }
const SWEEP = { kind: 'sweep', id: 'sweep-1' } as const
const RUN = { kind: 'samples', id: 'run-1' } as const

/** A project with a run of every kind, and two searches from its sweep. */
async function project(): Promise<Project> {
  const made = await openDemo()
  const own = made.firstPair
  await own.saveSweep(sweepFixture())
  await own.saveSearch({ ...tinySearch(RECIPE), sweepId: 'sweep-1' })
  const later = { id: 'later', sweepId: 'sweep-1', createdAt: '2026-03-02T00:00:00Z' }
  await own.saveSearch({ ...tinySearch(RECIPE), ...later })
  const run = sampleRunFixture()
  await own.samples.addRun(run)
  await own.samples.appendAnswers(run.id, sampleLines(run))
  await own.evaluations.add(evaluationRun())
  return made
}

const codeOf = async (work: Promise<unknown>): Promise<string> => (await problemOf(work)).code

const namesOf = ({ firstPair }: Project): string[] => firstPair.history.state.runs.map(({ id }) => id)

/** All files of a pair but project.json's, with what is in them. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  const texts = paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const)
  return Object.fromEntries((await Promise.all(texts)).sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('the history of a pair', () => {
  it('lists runs of all kinds with their device and formats, pinned ones first', async () => {
    const open = await project()
    const { history } = open.firstPair
    expect(namesOf(open)).toEqual(['later', 'evaluation-1', 'run-1', 'sweep-1', 'tiny-search'])
    await history.annotate(SWEEP, { pinned: true })
    expect(history.state.runs[0]).toMatchObject({
      ...{ kind: 'sweep', title: 'Characters: layer 0, diversity 0.236', pinned: true },
      computed: { device: 'cpu', precision: 'fp32', promptCount: 2, draws: null, programVersion: '0.1.0' }
    })
    const sampled = history.state.runs.find(({ kind }) => kind === 'samples')
    expect(sampled).toMatchObject({ title: 'post, upper: 12 answers', computed: { draws: 3 } })
  })

  it('keeps names, notes and pins in a separate file, and refuses values that were changed since', async () => {
    let open = await project()
    const sweep = join(open.firstPair.folder, 'sweeps/sweep-1.json')
    const before = await readFile(sweep, 'utf8')
    const { revision } = open
    await open.firstPair.history.annotate(SWEEP, { name: 'first', note: '*mine*' })
    expect(await readFile(sweep, 'utf8')).toBe(before)
    expect(await codeOf(open.firstPair.history.annotate(SWEEP, { name: 'late' }, revision))).toBe('stale')
    // Another field of it is nobody's concern.
    await open.firstPair.history.annotate(SWEEP, { pinned: true }, revision)
    open = await reopened(open)
    expect(open.firstPair.history.annotationsOf(SWEEP)).toEqual({ name: 'first', note: '*mine*', pinned: true })
    await open.firstPair.history.annotate(SWEEP, NO_ANNOTATIONS)
    const history = join(open.firstPair.folder, 'history.json')
    expect(JSON.parse(await readFile(history, 'utf8'))).toMatchObject({ runs: [] })
  })

  it('never writes over names that it could not read', async () => {
    let open = await project()
    const file = join(open.firstPair.folder, 'history.json')
    await writeFile(file, '{"schemaVersion": 9}')
    open = await reopened(open)
    expect(open.warnings).toEqual([expect.stringContaining('Names and notes of runs were left out.')])
    expect(await codeOf(open.firstPair.history.annotate(SWEEP, { name: 'x' }))).toBe('bad-file')
    expect(await codeOf(open.firstPair.history.delete(SWEEP))).toBe('bad-file')
    expect(await readFile(file, 'utf8')).toBe('{"schemaVersion": 9}')
  })

  it('restores a deleted run, also after the project was opened again, with name and note', async () => {
    let open = await project()
    const { folder } = open.firstPair
    await open.firstPair.history.annotate(SWEEP, { name: 'first', pinned: true })
    const before = await filesOf(folder)
    const deletions: string[] = []
    for (const { kind, id } of open.firstPair.history.state.runs.filter(({ sweepId }) => sweepId === null)) {
      deletions.push((await open.firstPair.history.delete({ kind, id })).deletion)
    }
    expect(namesOf(open)).toEqual([])
    await expect(open.firstPair.readSearch('sweep-1')).resolves.toBeNull()
    open = await reopened(open)
    expect(namesOf(open)).toEqual([])
    const { deleted } = open.firstPair.history.state
    expect(deleted.map(({ run }) => run.kind)).toEqual(['samples', 'evaluation', 'sweep'])
    const searches = [{ id: 'later' }, { id: 'tiny-search' }]
    expect(deleted.at(-1)).toMatchObject({ run: { name: 'first' }, searches })
    for (const deletion of deletions) await open.firstPair.history.restore(deletion)
    expect(namesOf(open)).toEqual(['sweep-1', 'later', 'evaluation-1', 'run-1', 'tiny-search'])
    expect(await filesOf(folder)).toEqual(before)
    expect((await open.firstPair.samples.readAnswers('run-1')).samples).toHaveLength(12)
    expect(await codeOf(open.firstPair.history.restore(deletions[0] ?? ''))).toBe('not-found')
  })

  it('undoes and redoes what is written beside the document, and keeps later changes by others', async () => {
    const open = await project()
    const { history } = open.firstPair
    const named = await history.annotate(SWEEP, { name: 'mine' })
    await history.annotate(SWEEP, { note: 'theirs' })
    const unnamed = await undo(open, named)
    expect(history.annotationsOf(SWEEP)).toEqual({ name: '', note: 'theirs', pinned: false })
    await history.annotate(SWEEP, { name: 'theirs' })
    expect(await codeOf(undo(open, unnamed))).toBe('stale')

    let isBusy = false
    const requireIdle = (): void => {
      if (isBusy) throw new WorkbenchError('busy', 'A job runs.')
    }
    const { change } = await history.delete(RUN, requireIdle)
    const restored = await undo(open, change)
    expect(namesOf(open)).toContain('run-1')
    isBusy = true
    expect(await codeOf(undo(open, restored))).toBe('busy')
    isBusy = false
    await undo(open, restored)
    expect(namesOf(open)).not.toContain('run-1')

    const saved = await open.savePrompts(PROMPTS.slice(0, 1))
    const own = await open.firstPair.useSeparatePrompts(PROMPTS.slice(1))
    const sampled = await open.saveSamplePrompts([{ text: 'Name a colour.', category: '', raw: false }])
    for (const revision of [own, saved, sampled]) await undo(open, revision)
    const after = await reopened(open)
    expect([after.prompts, after.firstPair.separatePrompts, after.samplePrompts]).toEqual([PROMPTS, null, null])
  })

  it('restores no search without its sweep', async () => {
    const open = await project()
    const { history } = open.firstPair
    const { deletion: search } = await history.delete({ kind: 'search', id: 'later' })
    const { deletion: sweep } = await history.delete(SWEEP)
    const problem = await problemOf(history.restore(search))
    expect(problem).toMatchObject({ code: 'bad-input', hint: 'Restore the sweep first.' })
    await history.restore(sweep)
    expect(open.firstPair.searches.map(({ id }) => id)).toEqual(['tiny-search'])
    await history.restore(search)
    expect(open.firstPair.searches.map(({ id }) => id)).toEqual(['later', 'tiny-search'])
  })

  it('deletes runs for good a month after their deletion, except pinned ones', async () => {
    let open = await project()
    const { history, folder } = open.firstPair
    await history.annotate(RUN, { pinned: true })
    const { deletion: pinned } = await history.delete(RUN)
    await history.delete(SWEEP)
    const { deletion: kept } = await history.delete({ kind: 'evaluation', id: 'evaluation-1' })
    for (const name of await readdir(join(folder, 'trash'))) {
      if (name === kept) continue
      const file = join(folder, 'trash', name, 'deleted.json')
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace(/"deletedAt": "[^"]+"/, '"deletedAt": "2020-01-01T00:00:00.000Z"'))
    }
    open = await reopened(open)
    expect((await readdir(join(folder, 'trash'))).sort()).toEqual([kept, pinned].sort())
    await open.firstPair.history.destroy(pinned)
    expect(await readdir(join(folder, 'trash'))).toEqual([kept])
  })

  it('keeps a pinned run without answers when its generation ends before the first, and no other, sampled or evaluated', async () => {
    const open = await project()
    await open.firstPair.samples.addRun(sampleRunFixture({ id: 'empty' }))
    await open.firstPair.samples.addRun(sampleRunFixture({ id: 'pinned' }))
    await open.firstPair.history.annotate({ kind: 'samples', id: 'pinned' }, { pinned: true })
    for (const id of ['empty', 'pinned']) await open.firstPair.samples.dropUnanswered(id)
    expect(open.firstPair.samples.runs.map(({ id }) => id)).toEqual(['pinned', 'run-1'])
    const { evaluations } = open.firstPair
    const before = evaluations.runs.map(({ id }) => id)
    await evaluations.add(evaluationRun({ id: 'empty' }))
    await evaluations.dropUnanswered('empty')
    expect(evaluations.runs.map(({ id }) => id)).toEqual(before)
    expect(Object.keys(await filesOf(open.firstPair.folder)).filter((file) => /empty/.test(file))).toEqual([])
  })

  it('lists nothing by reading whole documents', async () => {
    let open = await project()
    const { folder } = open.firstPair
    const before = open.firstPair.history.state
    await open.close()
    const files = await filesOf(folder)
    for (const [name, text] of Object.entries(files)) {
      if (!/^(sweeps|searches|samples|evaluations)\//.test(name) || name.endsWith('.summary.json')) continue
      await writeFile(join(folder, name), ' '.repeat(Buffer.byteLength(text)))
      await utimes(join(folder, name), 1, 1)
    }
    open = await openProject(open.path)
    expect(open.warnings).toEqual([])
    expect(open.firstPair.history.state).toEqual(before)
  })
})

const HISTORY_RUN = historyRun(SWEEP)
const FILES = ['sweep-1.json', 'sweep-1.summary.json'].map((name) => ({ folder: 'sweeps' as const, name }))
const ALL_FILES = [...FILES, { folder: 'checks' as const, name: 'sweep-1.json' }]

describe('a kill', () => {
  /** A step that is not reached is one at which the program was killed. */
  const killedAt = (step: number) => {
    let left = step
    return (): void => {
      if (left === 0) throw new Error('killed')
      left -= 1
    }
  }

  /** How many steps the work has, found by doing it; before each it is killed once on files of its own. */
  async function killedEverywhere(
    work: (pair: string, beforeStep: () => void) => Promise<unknown>,
    begin: (pair: string) => Promise<unknown>,
    look: (pair: string, done: boolean) => Promise<void>
  ): Promise<number> {
    for (let step = 0; ; step++) {
      const open = await project()
      const { folder } = open.firstPair
      await open.firstPair.saveAnswerCheck({ ...tinyCheck([]), sweepId: 'sweep-1' })
      await open.close()
      await begin(folder)
      const done = await work(folder, killedAt(step)).then(
        () => true,
        () => false
      )
      await look(folder, done)
      if (done) return step
    }
  }

  const trashed = (pair: string, beforeStep?: () => void) => trashRun(pair, HISTORY_RUN, [], ALL_FILES, beforeStep)
  /** Does this to each run that was deleted. */
  const ofEach =
    (work: typeof untrashRun) =>
    async (pair: string, beforeStep: () => void): Promise<void> => {
      for (const document of (await listTrash(pair, true)).deleted) await work(pair, document, beforeStep)
    }

  const whereIs = async (pair: string) => {
    const there = Object.keys(await filesOf(pair))
    const placed = ALL_FILES.map(({ folder, name }) => there.includes(`${folder}/${name}`))
    return placed.every(Boolean) ? 'there' : placed.some(Boolean) ? 'half' : 'gone'
  }

  it('while a run is deleted or brought back leaves it there or deleted, whole', async () => {
    const whole = async (pair: string): Promise<void> => {
      const { deleted, warnings } = await listTrash(pair, true)
      expect(warnings).toEqual([])
      expect(await whereIs(pair)).toBe(deleted.length === 0 ? 'there' : 'gone')
      for (const document of deleted) await untrashRun(pair, document)
      expect(await whereIs(pair)).toBe('there')
      expect(await readdir(join(pair, 'trash')).catch(() => [])).toEqual([])
    }
    const nothing = () => Promise.resolve()
    const deleting = await killedEverywhere(trashed, nothing, whole)
    const restoring = await killedEverywhere(ofEach(untrashRun), trashed, whole)
    expect([deleting, restoring]).toEqual([5, 5])
  })

  it('while a run is deleted for good leaves it deleted, whole, or nothing of it', async () => {
    const steps = await killedEverywhere(ofEach(destroyRun), trashed, async (pair) => {
      const { deleted, warnings } = await listTrash(pair, true)
      expect(warnings).toEqual([])
      const left = Object.keys(await filesOf(pair)).filter((name) => name.startsWith('trash/'))
      expect(left).toHaveLength(deleted.length === 0 ? 0 : ALL_FILES.length + 1)
    })
    expect(steps).toBe(5)
  })
})
