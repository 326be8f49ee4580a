import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { StoredTurn } from '../../../../../src/contract/documents/conversation'
import { createProject } from '../../../../../src/main/project/create-project'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'
import { PROMPTS, undo } from '../../../../fixtures/project-documents'
import { reopened } from '../../../../fixtures/reopened'

const turnOf = (text: string): StoredTurn => ({
  id: randomUUID(),
  text,
  answers: {
    post: {
      variant: { kind: 'post', name: 'post' },
      finished: [{ index: 0, text: `${text} Yes.`, finish: 'stop' }],
      unfinished: [{ index: 1, text: 'Ye' }],
      picked: null,
      requestedCount: 1
    }
  }
})

const newProject = async () => {
  const pair = { kind: 'folders', base: '/models/base', post: '/models/post' } as const
  const project = await createProject({ folder: await temporaryFolder(), name: 'Chat', pair, prompts: PROMPTS })
  onTestFinished(() => project.close())
  return project
}

test('turns of several windows are all stored, also after the project is closed', async () => {
  const project = await newProject()
  const { conversation } = project.firstPair
  const turns = ['A', 'B', 'C'].map(turnOf)
  // Parts of answers are saved often, and would displace the changes that a window can undo.
  expect(await Promise.all(turns.map((turn) => conversation.saveTurn(turn)))).toEqual([null, null, null])
  const [first, ...others] = turns
  const answered = { ...turnOf('A'), ...first, answers: {} }
  await conversation.saveTurn(answered)
  expect(project.firstPair.saved.conversation).toBe(4)
  expect(await (await reopened(project)).firstPair.conversation.read()).toEqual([answered, ...others])
})

test('an undone clear puts the turns before later ones, and is refused once a turn is stored again', async () => {
  const project = await newProject()
  const { conversation } = project.firstPair
  const texts = async (): Promise<string[]> => (await conversation.read()).map(({ text }) => text)
  const turns = ['A', 'B'].map(turnOf)
  for (const turn of turns) await conversation.saveTurn(turn)
  const cleared = await conversation.clear(turns.map(({ id }) => id))
  await conversation.saveTurn(turnOf('C'))
  const undone = await undo(project, cleared)
  expect(await texts()).toEqual(['A', 'B', 'C'])
  const redone = await undo(project, undone)
  expect(await texts()).toEqual(['C'])
  for (const turn of turns) await conversation.saveTurn({ ...turn, answers: {} })
  expect(await problemOf(undo(project, redone))).toMatchObject({
    code: 'stale',
    message: 'Not undone: the conversation changed elsewhere since.'
  })
  expect(await texts()).toEqual(['C', 'A', 'B'])
})
