import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migrateProject } from '../../../../../src/main/project/documents/migrate-project'
import { openProject } from '../../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { evaluationRun } from '../../../../fixtures/evaluation-documents'
import { openDemo } from '../../../../fixtures/open-demo'
import { KEPT_AT, LAYERS_4_11, NOT_SCORED, sweepFixture } from '../../../../fixtures/project-documents'
import { sampleRunFixture } from '../../../../fixtures/sample-documents'

/** A project as an older version of project.json had it, with results where they lay then. */
async function olderProject(): Promise<string> {
  const project = await openDemo({ name: 'Old' })
  await project.close()
  const { path, document, firstPair } = project
  const { name, createdAt } = document
  const { rendering, settings: current } = firstPair.document
  const settings = Object.fromEntries(Object.entries(current).filter(([name]) => name !== 'variants'))
  const kept = { keptAt: KEPT_AT, ...NOT_SCORED }
  const recipes = [LAYERS_4_11, { ...LAYERS_4_11, name: 'second' }].map((recipe, mark) => ({
    id: `recipe-${mark + 1}`,
    mark,
    recipe,
    ...kept
  }))
  const other = { name: 'other', path: '/models/other', fingerprint: 'ff' }
  const leftOut = ['base', 'recipe-2', 'checkpoint-1']
  const shared = {
    name,
    createdAt,
    pair: { kind: 'demo', pair: 'blend' },
    checkpoints: null,
    rendering,
    notes: 'mine'
  }
  await writeFile(
    join(path, 'project.json'),
    JSON.stringify({
      ...shared,
      schemaVersion: 2,
      recipes,
      otherCheckpoints: [{ ...other, id: 'checkpoint-1', mark: 2 }],
      settings: { ...settings, samples: { settings: sampleRunFixture().settings, leftOut } },
      revision: 7,
      nextMark: 3
    })
  )
  const write = async (name: string, content: unknown): Promise<void> => {
    await mkdir(join(path, dirname(name)), { recursive: true })
    await writeFile(join(path, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  await write('sweeps/sweep-1.json', sweepFixture())
  await write('sweeps/partial/of-another.checkpoint', 'computed')
  await write('samples/run-1.json', { ...sampleRunFixture(), id: 'run-1' })
  await write('samples/run-1.jsonl', '')
  await write('evaluations/evaluation-1.json', { ...evaluationRun(), id: 'evaluation-1' })
  await write('evaluations/evaluation-1.scores.jsonl', '')
  await write('distances/aa-bb.json', '{}')
  return path
}

/** Returns the contents of a project's result files, by their relative paths. */
async function results(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of ['sweeps', 'samples', 'evaluations', 'sampled-crc.json']) {
    const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      // A summary is made for what has none.
      if (!entry.isFile() || entry.name.endsWith('.summary.json')) continue
      const file = join(entry.parentPath, entry.name)
      found[relative(folder, file)] = await readFile(file, 'utf8')
    }
  }
  return found
}

/** The same of the first pair of a project that was opened, with its sweep as it was before it became two files. */
async function keptResults(path: string): Promise<Record<string, string>> {
  const { 'sweeps/sweep-1.a.scores': scores, ...kept } = await results(join(path, 'pairs/pair-1'))
  expect(scores).toBeDefined()
  return {
    ...kept,
    'sweeps/sweep-1.json': await readFile(join(path, 'backup/pairs/pair-1/sweeps/sweep-1.json'), 'utf8')
  }
}

it('what a killed program left unfinished in a project goes when it is opened to be changed, and nothing else', async () => {
  const project = await openDemo()
  await project.close()
  const mine = join(project.path, 'prompts', 'notes.tmp')
  const left = ['.project.json', join('prompts', '.samples.json')].map((name) =>
    join(project.path, `${name}.7d444840-9dc0-11d1-b245-5ffdce74fad2.tmp`)
  )
  for (const file of [mine, ...left]) await writeFile(file, '{')
  const there = (): boolean[] => [mine, ...left].map((file) => existsSync(file))
  await (await openProject(project.path, 'view')).close()
  expect(there()).toEqual([true, true, true])
  await (await openProject(project.path)).close()
  expect(there()).toEqual([true, false, false])
})

describe('a project of version 2', () => {
  it('becomes one of a pair that has all of it, and keeps its file unchanged', async () => {
    const path = await olderProject()
    const before = await readFile(join(path, 'project.json'), 'utf8')
    const stored = await results(path)
    const project = await openProject(path)
    const { document } = project.firstPair
    expect(document).toMatchObject({
      id: 'pair-1',
      name: 'Blend demo',
      location: { kind: 'demo', pair: 'blend' }
    })
    expect(document.recipes.map(({ id, mark, recipe }) => [id, mark, recipe.name])).toEqual([
      ['recipe-1', 0, 'Layers 4–11'],
      ['recipe-2', 1, 'second']
    ])
    expect(document.otherCheckpoints).toMatchObject([{ id: 'checkpoint-1', mark: 2, name: 'other' }])
    expect([document.nextMark, project.document.revision]).toEqual([3, 7])
    expect([project.notes, project.document.nextPair]).toEqual(['mine', 2])
    // Excluded recipes are identified by their ids too. Whole models have no id.
    expect(document.settings.variants.leftOut).toEqual(['base', 'recipe-2', 'checkpoint-1'])
    expect(project.firstPair.sweeps.map(({ id }) => id)).toEqual(['sweep-1'])
    expect(project.firstPair.samples.runs.map(({ id }) => id)).toEqual(['run-1'])
    await project.close()
    expect(await keptResults(path)).toEqual(stored)
    const left = await readdir(path)
    const names = ['Open.slrproject', 'backup', 'distances', 'pairs', 'project.json', 'prompts']
    expect(left.toSorted().filter((name) => !name.endsWith('.bak'))).toEqual(names)
    const backup = left.find((name) => name.endsWith('.bak'))
    expect(await readFile(join(path, backup ?? ''), 'utf8')).toBe(before)
  })

  it('is the same each time it is only looked at, with its results, and is not changed', async () => {
    const path = await olderProject()
    const before = await readdir(path, { recursive: true })
    const first = await openProject(path, 'view')
    const second = await openProject(path, 'view')
    expect(second.document).toEqual(first.document)
    expect(second.firstPair.sweeps.map(({ id }) => id)).toEqual(['sweep-1'])
    expect(await readdir(path, { recursive: true })).toEqual(before)
  })

  it('is whole in its version or in the present one, wherever the change to that is interrupted', async () => {
    const original = await olderProject()
    const stored = await results(original)
    const steps = await stepsOf(original)
    expect(steps).toBeGreaterThan(15)
    for (let last = 0; last < steps; last++) {
      const path = join(await temporaryFolder(), 'Old.slr')
      await cp(original, path, { recursive: true })
      let step = 0
      const migrating = migrateProject(path, () => {
        if (step++ === last) throw new Error('killed')
      })
      await expect(migrating).rejects.toThrow('killed')
      const { schemaVersion } = JSON.parse(await readFile(join(path, 'project.json'), 'utf8'))
      // Where the file says that the results lie, all of them do.
      const place = schemaVersion === 2 ? path : join(path, 'pairs/pair-1')
      expect(await results(place), `step ${last}`).toEqual(stored)
      const viewed = await openProject(path, 'view')
      expect(viewed.firstPair.sweeps.map(({ id }) => id)).toEqual(['sweep-1'])
      const project = await openProject(path)
      expect(project.firstPair.document.recipes).toHaveLength(2)
      await project.close()
      expect(await keptResults(path), `after step ${last}`).toEqual(stored)
      expect(await results(path)).toEqual({})
    }
  })
})

/** How many steps the migration of a copy takes. */
async function stepsOf(path: string): Promise<number> {
  const copy = join(await temporaryFolder(), 'copy.slr')
  await cp(path, copy, { recursive: true })
  let steps = 0
  await migrateProject(copy, () => void (steps += 1))
  return steps
}
