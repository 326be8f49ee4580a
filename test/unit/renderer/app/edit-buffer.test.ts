import { expect, it } from 'vitest'
import type { ProjectState } from '../../../../src/contract/documents/project'
import { elementAt } from '../../../../src/contract/model/look-up'
import { openSession, projectState, settled } from '../../../fixtures/scripted-line'

async function opened() {
  const { line, session } = await openSession()
  const { prompts, history } = session
  const texts = (): string[] => prompts.drafts.map(({ text }) => text)
  const idAt = (index: number): number => elementAt(prompts.drafts, index, 'prompt').id
  let revision = 1
  /** Answers a save with the prompts that it stores. */
  const store = async (place: number): Promise<void> => {
    await settled()
    const { prompts } = line.call('prompts.save', place).input as Pick<ProjectState, 'prompts'>
    revision += 1
    await line.answer('prompts.save', place, projectState({ revision, prompts }))
  }
  return { line, session, prompts, history, texts, idAt, store }
}

it('each edit is stored in order, and text typed in one field as one', async () => {
  const { line, prompts, history, texts, idAt, store } = await opened()
  const before = prompts.current()
  prompts.edit(idAt(0), { text: 'W' })
  prompts.edit(idAt(0), { text: 'Wo' })
  expect([line.of('prompts.save'), history.undoable]).toEqual([[], 'edit prompt 1'])
  prompts.remove(idAt(1))
  await store(0)
  expect(line.call('prompts.save', 0).input).toMatchObject({ prompts: [{ text: 'Wo' }, before[1]] })
  // The row of the prompt that was not edited keeps its fields.
  const row = idAt(0)
  await store(1)
  expect([history.undoable, history.notice?.text]).toEqual(['delete prompt 2', 'Deleted prompt 2'])
  for (const [place, changes] of [[3], [2]].entries()) {
    void history.undo()
    await settled()
    expect(line.call('projects.revert', place).input).toMatchObject({ changes })
    const prompts = place === 0 ? [{ ...before[0], text: 'Wo' }, before[1]] : before
    await line.answer('projects.revert', place, {
      ...projectState(),
      prompts,
      revision: 4 + place,
      change: 4 + place
    })
    if (place === 0) expect([texts(), idAt(0)]).toEqual([['Wo', before[1]?.text], row])
  }
  expect([prompts.current(), history.undoable, history.redoable]).toEqual([before, null, 'edit prompt 1'])
})

it('undo takes edits back that cannot be stored, the last first, and stores what came before them', async () => {
  const { line, prompts, history, texts, idAt, store } = await opened()
  const before = texts()
  prompts.edit(idAt(0), { text: 'Wo' })
  prompts.add()
  prompts.edit(idAt(1), { category: 'other' })
  await store(0)
  expect([history.undoable, prompts.waits]).toEqual(['edit prompt 2', true])
  await history.undo()
  await history.undo()
  expect([texts(), prompts.waits, history.undoable]).toEqual([['Wo', before[1]], false, 'edit prompt 1'])
  expect(line.of('prompts.save')).toHaveLength(1)
})
