import { expect, it } from 'vitest'
import { FEW_SHOT_DEFAULTS } from '../../../../src/contract/model/few-shot'
import type { ProjectState } from '../../../../src/contract/documents/project'
import { PROMPTS } from '../../../fixtures/project-documents'
import { projectState, settled, openSession } from '../../../fixtures/scripted-line'

async function opened(changes: Partial<ProjectState> = {}) {
  const { line, session } = await openSession(projectState(changes))
  session.prompts.attach()
  await settled()
  return { line, session, prompts: session.prompts }
}

it('prompts are known for a built-in set, and rendered as main says or not at all', async () => {
  const { line, session, prompts } = await opened()
  await line.answer('prompts.builtin', 0, [{ id: 'demo-crc', name: 'Demo', prompts: PROMPTS }])
  expect(prompts.builtinId).toBe('demo-crc')
  await line.answer('prompts.render', 0, { prompts: [{ rendered: 'x' }], notices: ['odd'] })
  expect([prompts.rendered.length, prompts.notices]).toEqual([1, ['odd']])
  const state = projectState({ revision: 2 })
  const rendering = { ...state.document.rendering, assistantPrefix: 'I say ' }
  session.accept({ ...state, document: { ...state.document, rendering } })
  await line.refuse('prompts.render', 1, new Error('The template fails.'))
  expect([prompts.rendered, prompts.renderProblem?.message]).toEqual([[], 'The template fails.'])
  const [first] = prompts.drafts
  if (first === undefined) throw new Error('there is no prompt')
  prompts.edit(first.id, { text: 'Another letter.' })
  expect(prompts.builtinId).toBeNull()
})

it('prompts of a pair’s own are a copy of the project’s, and given back by undo', async () => {
  const { line, session, prompts } = await opened()
  void prompts.useSeparate(true)
  await settled()
  expect(line.call('prompts.separate', 0).input).toMatchObject({ prompts: PROMPTS })
  await line.answer('prompts.separate', 0, projectState({ revision: 2, separatePrompts: true }))
  expect(session.history.undoable).toBe('give the pair separate prompts')
  void session.history.undo()
  await settled()
  await line.answer('projects.revert', 0, projectState({ revision: 3 }))
  void prompts.useSeparate(false)
  await line.refuse('prompts.separate', 1, new Error('The disk is full.'))
  expect(session.history.undoable).toBeNull()
})

it.each([
  {
    name: 'typed text is one step',
    changes: [{ assistantPrefix: 'A' }, { assistantPrefix: 'An' }],
    undone: [2, 3]
  },
  {
    name: 'a reset of the few-shot prompt is a step of its own',
    changes: [{ fewShot: FEW_SHOT_DEFAULTS.open }, { fewShot: null }],
    undone: [3]
  }
])('how prompts are rendered is undone in steps: $name', async ({ changes, undone }) => {
  const { line, session, prompts } = await opened()
  for (const [place, change] of changes.entries()) {
    void prompts.setRendering(change)
    await settled()
    await line.answer('pairs.update', place, projectState({ revision: place + 2 }))
  }
  void session.history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toMatchObject({ changes: undone })
})
