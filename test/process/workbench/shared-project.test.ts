import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { elementAt } from '../../../src/contract/model/look-up'
import type { Recipe } from '../../../src/contract/model/recipe'
import {
  type KeptRecipe,
  type PairDocument,
  ProjectDocument,
  type ProjectState
} from '../../../src/contract/documents/project'
import { openProject } from '../../../src/main/project/open-project'
import { evaluationRun } from '../../fixtures/evaluation-documents'
import { OwnWorkbench, type WindowClient } from '../../fixtures/own-workbench'
import { LAYERS_4_11, NOT_SCORED } from '../../fixtures/project-documents'
import { demoPrompts, shortProject } from '../../fixtures/swept-project'
import { sharedEngine } from '../../fixtures/shared-engine'
import { waitFor } from '../../fixtures/wait-for'

/** Two windows of one project, as main sees them. */

let own: OwnWorkbench

/** Two windows, and the demo that the first one opened. */
async function twoWindows() {
  const [a, b] = [own.client(), own.client()]
  const project = await a.projects.openDemo({ pair: 'blend' })
  return { a, b, ...project, here: { path: project.path, pair: 'pair-1' as const } }
}

/** Expects a call to be refused with this code, and with these words in its message. */
const refused = (calling: Promise<unknown>, code: string, words = ''): Promise<void> =>
  expect(calling).rejects.toMatchObject({ data: { code, message: expect.stringContaining(words) } })

beforeEach(async () => {
  own = await OwnWorkbench.open(sharedEngine)
})

afterEach(() => own.close())

async function storedProject(path: string): Promise<ProjectDocument> {
  return ProjectDocument.parse(JSON.parse(await readFile(join(path, 'project.json'), 'utf8')))
}

const kept = async (window: WindowClient, path: string, name: string): Promise<KeptRecipe> => {
  const recipe = { ...LAYERS_4_11, name }
  const here = { path, pair: 'pair-1' } as const
  const { id, project } = await window.recipes.keep({ ...here, recipe, source: NOT_SCORED })
  const found = project.document.recipes.find((each) => each.id === id)
  if (found === undefined) throw new Error('it was not kept')
  return found
}

const stored = async (path: string): Promise<PairDocument> => elementAt((await storedProject(path)).pairs, 0, 'pair')

const namesOf = ({ recipes }: PairDocument): string[] => recipes.map(({ recipe }) => recipe.name)

describe('recipes of a project that two windows show', () => {
  it('are all kept, although neither window knows of the other one’s', async () => {
    const { a, b, path } = await twoWindows()
    await Promise.all([kept(a, path, 'of a'), kept(b, path, 'of b'), kept(a, path, 'of b')])
    const document = await stored(path)
    expect(namesOf(document).toSorted()).toEqual(['of a', 'of b', 'of b (2)'])
    expect(new Set(document.recipes.map(({ mark }) => mark))).toEqual(new Set([0, 1, 2]))
  })

  it('stay who they are under another name, and no mark is given out twice', async () => {
    const { a, b, path, here } = await twoWindows()
    const first = await kept(a, path, 'first')
    const second = await kept(a, path, 'second')
    await b.recipes.rename({ ...here, id: first.id, name: 'second' })
    const { change } = await a.recipes.remove({ ...here, id: second.id })
    const undoRemoval = { ...here, changes: [change ?? 0] }
    const third = await kept(b, path, 'third')
    expect((await stored(path)).recipes).toMatchObject([
      { id: first.id, mark: first.mark, recipe: { name: 'second (2)' } },
      { id: third.id }
    ])
    expect(third.mark).toBe(2)
    // Removing is undone at the place it had, once.
    await a.projects.revert(undoRemoval)
    await refused(a.projects.revert(undoRemoval), 'stale')
    expect(namesOf(await stored(path))).toEqual(['second (2)', 'second', 'third'])
    expect((await stored(path)).recipes[1]).toEqual(second)
  })

  it('cannot be changed once they were removed elsewhere, and no change is undone that was never made', async () => {
    const { a, b, path, here } = await twoWindows()
    const { id } = await kept(a, path, 'gone')
    await a.recipes.remove({ ...here, id })
    await refused(b.recipes.rename({ ...here, id, name: 'other' }), 'not-found', 'removed elsewhere')
    await kept(a, path, 'here')
    await refused(b.projects.revert({ ...here, changes: [999] }), 'not-found')
    expect(namesOf(await stored(path))).toEqual(['here'])
  })

  it('are changed by the revision that the window has seen', async () => {
    const { a, b, path, here } = await twoWindows()
    const { id } = await kept(a, path, 'mine')
    const seen = (await b.projects.open({ path })).revision
    const edited = { ...here, id, seen, source: NOT_SCORED }
    await a.recipes.edit({ ...edited, recipe: { name: 'of a', ranges: [[1, 2]] } })
    const late = b.recipes.edit({ ...edited, recipe: { name: 'of b', ranges: [[3, 4]] } })
    await refused(late, 'stale', 'the recipe changed elsewhere')
    expect(namesOf(await stored(path))).toEqual(['of a'])
  })
})

describe('a value of a project that two windows show', () => {
  it('is not set by one that has not seen what the other made of it', async () => {
    const { a, b, path, here, revision: seen, prompts } = await twoWindows()
    await a.pairs.update({ ...here, seen, changes: { settings: { rho: 0.8 } } })
    await expect(b.pairs.update({ ...here, seen, changes: { settings: { rho: 0.7 } } })).rejects.toMatchObject({
      data: {
        code: 'stale',
        message: 'Not saved: the validity to keep changed elsewhere since you last saw it.',
        hint: expect.stringContaining('change it again')
      }
    })
    // A value that the other window has not changed can still be set.
    const changes = { settings: { uniformBlendCount: 5 }, rendering: { date: '2026-05-06' } }
    await b.pairs.update({ ...here, seen, changes })
    await b.prompts.save({ ...here, seen, prompts: prompts.slice(0, 3) })
    const late = a.prompts.save({ ...here, seen, prompts: prompts.slice(0, 2) })
    await refused(late, 'stale', 'the prompt set')
    expect(await storedProject(path)).toMatchObject({ revision: seen + 3 })
    expect(await stored(path)).toMatchObject({
      settings: { rho: 0.8, uniformBlendCount: 5 },
      rendering: { date: '2026-05-06' }
    })
    expect((await a.projects.open({ path })).prompts).toHaveLength(3)
  })
})

/** A window that follows a project. */
class Follower {
  latest: ProjectState | null = null
  private readonly stop = new AbortController()
  private done: Promise<void> = Promise.resolve()

  async follow(window: WindowClient, path: string): Promise<void> {
    const states = await window.projects.watch({ path, pair: 'pair-1' }, { signal: this.stop.signal })
    this.done = (async () => {
      for await (const state of states) this.latest = state
    })().catch(() => undefined)
    await waitFor(() => expect(this.latest).not.toBeNull())
  }

  async leave(): Promise<void> {
    this.stop.abort()
    await this.done
  }
}

describe('a window that follows a project', () => {
  it('sees what another one changes, the jobs that it starts and what comes of them', async () => {
    const { a, b, path, here, prompts } = await twoWindows()
    const follower = new Follower()
    await follower.follow(b, path)
    await kept(a, path, 'of a')
    const few = prompts.filter((_, place) => place % 20 === 0)
    await a.prompts.save({ ...here, seen: 1, prompts: few })
    const changes = { settings: { uniformBlendCount: 0 } }
    await a.pairs.update({ ...here, seen: Number.MAX_SAFE_INTEGER, changes })
    await waitFor(() => {
      expect(follower.latest?.document.recipes).toHaveLength(1)
      expect(follower.latest?.prompts).toHaveLength(2)
    })
    await a.sweeps.start(here)
    await waitFor(() => expect(follower.latest?.running).toEqual(['sweep']))
    await waitFor(() => expect(follower.latest).toMatchObject({ running: [], sweeps: [{}] }))
    const [sweep] = follower.latest?.sweeps ?? []
    if (sweep === undefined) throw new Error('the sweep was not saved')
    const top: Recipe = { name: 'top', ranges: [[11, 11]] }
    await a.checks.start({ ...here, sweepId: sweep.id, rho: 0.9, recipes: [top] })
    await a.evaluations.saveTask({ ...here, task: evaluationRun().task })
    const saved = { answerChecks: 1, conversation: 0, tasks: 1 }
    await waitFor(() => expect(follower.latest).toMatchObject({ running: [], saved }))
    await follower.leave()
  })

  it('keeps the project open when another one closes it, until it leaves too', async () => {
    const { a, b, path } = await twoWindows()
    const follower = new Follower()
    await follower.follow(b, path)
    await a.projects.close({ path })
    await expect(openProject(path)).rejects.toMatchObject({ problem: { code: 'locked' } })
    await follower.leave()
    await waitFor(async () => (await openProject(path)).close())
  })
})

describe('a sweep', () => {
  it('is followed by the check of its best ranges on request', async () => {
    const path = await shortProject(await demoPrompts(4))
    const window = own.client()
    const here = { path, pair: 'pair-1' } as const
    await window.projects.open({ path })

    const { sweepId } = await window.sweeps.start({ ...here, check: true })
    const check = await waitFor(async () => {
      const stored = await window.checks.get({ ...here, sweepId })
      if (stored === null) throw new Error('no check is stored yet')
      return stored
    })
    expect(check.models.map(({ recipe }) => recipe.name)).toContain('Layers 4–5')
  })

  it('keeps its project open until its check is stored too', async () => {
    const path = await shortProject(await demoPrompts(4))
    const window = own.client()
    await window.projects.open({ path })
    const here = { path, pair: 'pair-1' } as const
    const { sweepId } = await window.sweeps.start({ ...here, check: true })
    await window.projects.close({ path })
    await waitFor(async () => (await openProject(path)).close())
    expect(await window.projects.open({ path })).toMatchObject({ failed: [] })
    expect(await window.checks.get({ ...here, sweepId })).not.toBeNull()
  })
})
