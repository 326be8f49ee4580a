import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PairLocation } from '../../../../src/contract/documents/project'
import { createProject } from '../../../../src/main/project/create-project'
import { openProject } from '../../../../src/main/project/open-project'
import { pairNamed } from '../../../../src/main/project/pair-named'
import type { Project } from '../../../../src/main/project/project'
import { withCheckpoint } from '../../../../src/main/project/pair/kept-checkpoints'
import { storedDistances } from '../../../../src/main/project/results/stored-distances'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { KEPT_AT, LAYERS_4_11, NOT_SCORED, PROMPTS, sweepFixture, undo } from '../../../fixtures/project-documents'
import { reopened } from '../../../fixtures/reopened'
import { problemOf } from '../../../fixtures/problems'

const located = (name: string): PairLocation => ({
  kind: 'folders',
  base: `/models/${name}/base`,
  post: `/models/${name}/post`
})

/** A project of pairs with these names. */
async function projectOf(first: string, ...names: string[]): Promise<Project> {
  const folder = await temporaryFolder()
  const project = await createProject({ folder, name: 'P', pair: located(first), prompts: PROMPTS })
  for (const name of names) await project.addPair(located(name))
  onTestFinished(() => project.close())
  return project
}

const namesOf = (project: Project): string[] => project.pairs.map(({ document }) => document.name)

describe('the pairs of a project', () => {
  it('are called after their models, with a number where that is taken', async () => {
    const project = await projectOf('qwen', 'gemma', 'qwen')
    expect(namesOf(project)).toEqual(['qwen', 'gemma', 'qwen (2)'])
    expect(project.pairs.map(({ id }) => id)).toEqual(['pair-1', 'pair-2', 'pair-3'])
    // There from the beginning: unfinished sweeps are kept in it before anything else is.
    for (const { folder } of project.pairs) expect(await readdir(folder)).toEqual([])
    await project.renamePair('pair-3', 'gemma')
    expect(namesOf(await reopened(project))).toEqual(['qwen', 'gemma', 'gemma (2)'])
  })

  it('have separate settings, recipes and results, and share prompts and tasks', async () => {
    const project = await projectOf('qwen', 'gemma')
    const [qwen, gemma] = [project.pair('pair-1'), project.pair('pair-2')]
    await gemma.update({ settings: { rho: 0.5 }, notes: 'of gemma' })
    await gemma.edit(() => ({
      recipes: [{ id: 'r', mark: 0, recipe: LAYERS_4_11, keptAt: KEPT_AT, ...NOT_SCORED }],
      nextMark: 1
    }))
    await gemma.saveSweep(sweepFixture())
    expect([qwen.document.settings.rho, qwen.document.recipes, qwen.sweeps]).toEqual([0.9, [], []])
    const again = await reopened(project)
    expect(again.pair('pair-2').document).toMatchObject({ notes: 'of gemma', recipes: [{ id: 'r' }] })
    expect(again.pair('pair-2').sweeps.map(({ id }) => id)).toEqual(['sweep-1'])
    expect(again.pair('pair-1').sweeps).toEqual([])
    expect(again.pair('pair-1').prompts).toBe(again.pair('pair-2').prompts)
    expect(await problemOf(again.pair('pair-1').readSweep('sweep-1'))).toMatchObject({ code: 'not-found' })
  })

  it('are moved and duplicated: a copy has the settings and no results', async () => {
    const project = await projectOf('a', 'b', 'c')
    await project.pair('pair-1').update({ settings: { rho: 0.4 } })
    await project.pair('pair-1').saveSweep(sweepFixture())
    const { pair: copy, change: copied } = await project.duplicatePair('pair-1')
    expect(namesOf(project)).toEqual(['a', 'a (2)', 'b', 'c'])
    expect([copy.document.settings.rho, copy.sweeps]).toEqual([0.4, []])
    const moved = await project.movePair('pair-1', 3)
    const renamed = await project.renamePair('pair-2', 'd')
    expect(namesOf(project)).toEqual(['a (2)', 'd', 'c', 'a'])
    // Undone in any order, and refused once another change moved the same pairs.
    expect(await undo(project, moved)).not.toBeNull()
    expect(await undo(project, renamed)).not.toBeNull()
    expect(namesOf(project)).toEqual(['a', 'a (2)', 'b', 'c'])
    expect(await problemOf(undo(project, moved))).toMatchObject({
      code: 'stale',
      message: 'Not undone: the order of the pairs changed elsewhere since.'
    })
    expect(await undo(project, copied)).not.toBeNull()
    expect(namesOf(await reopened(project))).toEqual(['a', 'b', 'c'])
  })

  it('are removed with their results only when the project is opened the next time', async () => {
    const project = await projectOf('a', 'b', 'c')
    await project.pair('pair-2').saveSweep(sweepFixture())
    const removed = await project.removePair('pair-2')
    expect(namesOf(project)).toEqual(['a', 'c'])
    await project.renamePair('pair-3', 'b')
    const restored = await undo(project, removed)
    // Its name is taken by now.
    expect(namesOf(project)).toEqual(['a', 'b (2)', 'b'])
    expect((await project.pair('pair-2').readSweep('sweep-1')).id).toBe('sweep-1')
    await project.pair('pair-2').update({ notes: 'changed since' })
    const busy = new Error('a job runs')
    const refuse = (): void => {
      throw busy
    }
    await expect(project.revert([restored ?? NaN], refuse)).rejects.toBe(busy)
    expect(await undo(project, restored)).not.toBeNull()
    expect(namesOf(project)).toEqual(['a', 'b'])
    expect(await readdir(join(project.path, 'pairs'))).toContain('pair-2')
    const viewed = await openProject(project.path, 'view')
    expect(namesOf(viewed)).toEqual(['a', 'b'])
    expect(await readdir(join(project.path, 'pairs'))).toContain('pair-2')
    const again = await reopened(project)
    expect(await readdir(join(again.path, 'pairs'))).not.toContain('pair-2')
    expect(await problemOf(undo(again, removed))).toMatchObject({ code: 'not-found' })
    // Ids are given out once: no later pair finds what another has left.
    expect((await again.addPair(located('d'))).pair.id).toBe('pair-4')
  })

  it('are at least one, and one that is gone is not changed', async () => {
    const project = await projectOf('a', 'b')
    const gone = project.pair('pair-2')
    await project.removePair('pair-2')
    expect(await problemOf(gone.update({ notes: 'late' }))).toMatchObject({ code: 'not-found' })
    expect(await problemOf(project.removePair('pair-1'))).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('a is the only pair')
    })
    expect(namesOf(project)).toEqual(['a'])
  })

  it('are changed by two windows at once without a conflict, unless it is the same value of the same pair', async () => {
    const project = await projectOf('a', 'b')
    const seen = project.revision
    await project.pair('pair-1').update({ settings: { rho: 0.5 } }, seen)
    await project.pair('pair-2').update({ settings: { rho: 0.6 } }, seen)
    expect(await problemOf(project.pair('pair-1').update({ settings: { rho: 0.7 } }, seen))).toMatchObject({
      code: 'stale',
      message: expect.stringContaining('the validity to keep')
    })
  })

  it('are named where there are several, and messages say which', async () => {
    const project = await projectOf('a')
    expect([pairNamed(project, undefined).id, project.firstPair.title]).toEqual(['pair-1', 'P'])
    await project.addPair(located('b'))
    expect([pairNamed(project, 'b').id, pairNamed(project, 'b').title]).toEqual(['pair-2', 'P, b'])
    expect(() => pairNamed(project, undefined)).toThrow('has several pairs: a, b.')
    expect(() => pairNamed(project, 'c')).toThrow('has no pair "c"')
  })

  it('take no distances of each other or of a stage for their own of an earlier day', async () => {
    const project = await projectOf('a', 'b')
    const reference = (path: string) => ({ path, fingerprint: path.replaceAll('/', '-') })
    await project.readings.saveDistances({
      schemaVersion: 1,
      createdAt: KEPT_AT,
      seconds: 1,
      bytesRead: 1,
      basePath: reference('/models/b/base'),
      postPath: reference('/models/b/post'),
      components: [],
      layers: [],
      notices: []
    })
    expect((await storedDistances(project.pair('pair-1'), null)).distances).toBeNull()
    expect((await storedDistances(project.pair('pair-2'), null)).distances).not.toBeNull()
    const stage = { name: 'sft', ...reference('/models/b/base') }
    await project.pair('pair-2').edit((document) => withCheckpoint(document, 'sft', stage))
    expect((await storedDistances(project.pair('pair-2'), null)).distances).toBeNull()
  })

  it('may have separate prompts, which a copy has too, and use the shared ones again', async () => {
    const project = await projectOf('a', 'b')
    const [first, second] = [PROMPTS.slice(0, 1), PROMPTS.slice(1)]
    await project.pair('pair-2').useSeparatePrompts(first)
    const seen = project.revision
    await project.pair('pair-1').savePrompts(second, seen)
    await project.pair('pair-2').savePrompts(PROMPTS, seen)
    await project.duplicatePair('pair-2')
    const again = await reopened(project)
    const promptsOf = (id: string) => again.pair(id).prompts
    expect(['pair-1', 'pair-2', 'pair-3'].map(promptsOf)).toEqual([second, PROMPTS, PROMPTS])
    expect(await problemOf(again.pair('pair-2').savePrompts([]))).toMatchObject({ code: 'bad-input' })
    await again.pair('pair-2').useSeparatePrompts(null)
    await again.pair('pair-2').savePrompts(first)
    expect(['pair-1', 'pair-2', 'pair-3'].map(promptsOf)).toEqual([first, first, PROMPTS])
    expect((await reopened(again)).pair('pair-2').separatePrompts).toBeNull()
  })
})
