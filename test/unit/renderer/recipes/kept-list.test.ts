import { describe, expect, it } from 'vitest'
import type { KeptRecipe, ProjectState } from '../../../../src/contract/documents/project'
import type { ProbeEvent, ProbedModel } from '../../../../src/contract/procedures/probe'
import { KEPT_AT, NOT_SCORED } from '../../../fixtures/project-documents'
import { PAIR_REPORT, projectState, settled, openSession } from '../../../fixtures/scripted-line'

const recipe = (name: string, layer = 0): KeptRecipe['recipe'] => ({ name, ranges: [[layer, layer]] })
const kept = (name: string, layer = 0): KeptRecipe => ({
  ...{ id: 'one', mark: 0, keptAt: KEPT_AT, recipe: recipe(name, layer) },
  ...NOT_SCORED
})
function stateOf(revision: number, ...recipes: KeptRecipe[]): ProjectState {
  const state = projectState({ revision, pair: PAIR_REPORT })
  return { ...state, document: { ...state.document, recipes } }
}
async function opened(...recipes: KeptRecipe[]) {
  return openSession(stateOf(1, ...recipes))
}

describe('kept recipes', () => {
  it('are edited from the seen values, with the scores of their new layers', async () => {
    const { line, session } = await opened(kept('mine'))
    const edited = session.recipes.edit('one', 1, recipe('mine', 1), { validity: 0.9, diversity: 0.5 })
    await settled()
    expect(line.call('recipes.edit', 0).input).toMatchObject({
      ...{ id: 'one', seen: 1, recipe: recipe('mine', 1) },
      source: { sweepId: null, validity: 0.9, diversity: 0.5 }
    })
    await line.answer('recipes.edit', 0, stateOf(2, kept('mine', 1)))
    await edited
    expect(session.history.undoable).toBe('edit “mine”')
  })

  it('hold a better model once, and no model that is not a recipe', async () => {
    const { line, session } = await opened()
    const better = {
      ...{ name: 'all layers at 0.7', phrase: 'a 70 % blend of all layers' },
      ...{ basis: 'evaluation' as const, modelsPerToken: 1, failsCheck: false }
    }
    const model = { kind: 'recipe' as const, name: better.name, recipe: recipe(better.name) }
    const first = session.keepBetter({ ...better, model })
    await settled()
    expect(line.call('recipes.keep', 0).input).toMatchObject({ recipe: recipe('All layers at 0.7') })
    await line.answer('recipes.keep', 0, { id: 'one', project: stateOf(2, kept('All layers at 0.7')) })
    expect(await first).toBe('one')
    expect(await session.keepBetter({ ...better, model })).toBe('one')
    expect(await session.keepBetter({ ...better, model: { kind: 'base' } })).toBeNull()
    expect(line.of('recipes.keep')).toHaveLength(1)
  })

  it('report to their editor why they could not be saved', async () => {
    const { line, session } = await opened(kept('mine'))
    const edited = session.recipes.edit('one', 1, recipe('mine', 1), null)
    await settled()
    line.call('recipes.edit', 0).answer.reject(new Error('It changed.'))
    await expect(edited).rejects.toThrow('It changed.')
    expect(session.history.undoable).toBeNull()
  })

  it('are read from a file of mergekit', async () => {
    const { line, session } = await opened()
    void session.recipes.importFile(new File(['slices: []'], 'merge.yaml'))
    await settled()
    await settled()
    expect(line.call('recipes.readMergekit', 0).input).toMatchObject({
      fileName: 'merge.yaml',
      content: 'slices: []'
    })
    await line.answer('recipes.readMergekit', 0, recipe('merge'))
    await line.answer('recipes.keep', 0, { id: 'one', project: stateOf(2, kept('merge')) })
    expect(session.history.undoable).toBe('keep “merge”')
  })

  it('are refused before a file is sent that no message can hold, as are prompts', async () => {
    const { line, session, workbench } = await opened()
    const huge = (name: string): File => Object.defineProperty(new File([], name), 'size', { value: 2 ** 40 })
    await session.recipes.importFile(huge('a.yaml'))
    await session.samples.prompts.importFile(huge('b.txt'))
    expect(workbench.complaints.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^a\.yaml has .*; at most .* are read\.$/),
      expect.stringMatching(/^b\.txt has .*; at most .* are read\.$/)
    ])
    expect([line.of('recipes.readMergekit'), line.of('samples.readPrompts')]).toEqual([[], []])
  })

  it('that keep their name or could not be removed are nothing to undo', async () => {
    const { line, session } = await opened(kept('mine'))
    void session.recipes.rename('one', 'mine')
    await line.answer('recipes.rename', 0, { ...stateOf(2, kept('mine')), change: null })
    void session.recipes.remove('one')
    await line.refuse('recipes.remove', 0, new Error('not now'))
    expect(session.history.undoable).toBeNull()
  })

  it('are followed to the steps that use them, and not where they are gone', async () => {
    const { line, session, workbench } = await opened(kept('mine', 1))
    session.sample('one')
    expect(workbench.view).toBe('samples')
    session.export('one')
    expect([workbench.view, session.exports.recipe?.name]).toEqual(['export', 'mine'])
    workbench.go('ranges')
    session.export('gone')
    expect(workbench.view).toBe('ranges')
    session.compare([{ kind: 'baseline', name: 'NAME', baseline: { kind: 'mix', share: 0.5 } }], 'samples')
    expect([workbench.view, session.variants.options.at(-1)?.origin]).toEqual(['samples', 'baseline'])
    const endpoint = {
      ...{ baseUrl: 'http://127.0.0.1:1/v1', model: 'm', anyModel: false, concurrency: 1 },
      through: 'chat' as const
    }
    session.compare([{ kind: 'endpoint', name: 'theirs', endpoint }], 'samples')
    expect(session.evaluations.setup.variants.map(({ variant }) => variant.name)).toContain('theirs')
    expect(line.of('recipes.keep')).toEqual([])
  })
})

describe('what comes next after a prompt', () => {
  const probed = (model: ProbedModel): ProbeEvent => ({
    type: 'probed',
    model,
    rendered: 'A',
    tokens: [1],
    top: [],
    notices: []
  })

  it('is shown of each model as it comes, asked once at a time, and forgotten when it is closed', async () => {
    const { line, session } = await opened()
    const { probing } = session
    await probing.probe(recipe('mine'), '  ')
    expect(line.of('probes.next')).toEqual([])
    void probing.probe(recipe('mine'), 'A letter.')
    await settled()
    const events = await line.stream<ProbeEvent>('probes.next', 0)
    await events.tell(probed('post'))
    expect(Object.keys(probing.answers?.byModel ?? {})).toEqual(['post'])
    expect(session.jobs.current?.progress).toEqual({ name: 'Probe', share: 1 / 3, secondsLeft: null })
    await probing.probe(recipe('mine'), 'Another.')
    expect(line.of('probes.next')).toHaveLength(1)
    probing.job.cancel()
    expect(line.call('probes.next', 0).signal?.aborted).toBe(true)
    // Answers that arrive after the cancel are dropped.
    await events.tell(probed('base'))
    expect(Object.keys(probing.answers?.byModel ?? {})).toEqual(['post'])
  })

  it('is a valid answer where the prompt is one of the project’s, after white space only where that counts', async () => {
    const { session } = await opened()
    const { probing } = session
    const state = {
      ...session.state,
      prompts: [{ text: 'A letter.', category: 'letter', valid: ['A', 'B'] }]
    }
    session.accept({ ...state, revision: 2 })
    const validOf = (prompt: string): boolean[] => {
      probing.job.cancel()
      void probing.probe(recipe('mine'), prompt)
      return ['A', ' A', 'AB', 'C', null].map(probing.isValid)
    }
    expect(validOf('A letter.')).toEqual([true, false, false, false, false])
    expect(validOf('Another.')).toEqual([false, false, false, false, false])
    const rendering = { ...state.document.rendering, countLeadingSpace: true }
    session.accept({ ...state, revision: 3, document: { ...state.document, rendering } })
    expect(validOf('A letter.')).toEqual([true, true, false, false, false])
  })
})
