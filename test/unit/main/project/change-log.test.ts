import { expect, it } from 'vitest'
import { type PairDocument, PROJECT_VERSION, type ProjectDocument } from '../../../../src/contract/documents/project'
import { ChangeLog } from '../../../../src/main/project/change-log'
import { fieldWords } from '../../../../src/main/project/revisions'
import { KEPT_AT, NOT_SCORED } from '../../../fixtures/project-documents'
import { projectState } from '../../../fixtures/scripted-line'

const recipe = (id: string, name = id): PairDocument['recipes'][number] => ({
  ...{ id, mark: id.charCodeAt(0), keptAt: KEPT_AT, recipe: { name, ranges: [[0, 1]] } },
  ...NOT_SCORED
})

const documentOf = (revision: number, changes: Partial<PairDocument>): ProjectDocument => ({
  schemaVersion: PROJECT_VERSION,
  ...{ revision, name: 'Test', createdAt: KEPT_AT, notes: '', nextPair: 2 },
  pairs: [{ ...projectState().document, nextMark: revision, ...changes }]
})

const namesOf = ({ pairs }: ProjectDocument): (string | undefined)[] =>
  pairs.flatMap(({ recipes }) => recipes.map((kept) => kept.recipe.name))

it('undoes changes one by one or together, whatever else has changed since', async () => {
  const log = new ChangeLog()
  const [one, two, three] = [recipe('a'), recipe('b'), recipe('c')]
  const states = [
    documentOf(1, { recipes: [one, two] }),
    documentOf(2, { recipes: [two] }),
    documentOf(3, { recipes: [two, three], notes: 'seen' }),
    documentOf(4, { recipes: [recipe('b', 'renamed'), three], notes: 'seen' })
  ]
  for (const [place, state] of states.entries()) {
    const before = states[place - 1]
    if (before !== undefined) expect(log.add(before, state, [])).toBe(state.revision)
  }
  const last = documentOf(9, { recipes: [recipe('b', 'renamed'), three], notes: 'seen' })
  expect(namesOf((await log.revert(last, [2])).document)).toEqual(['a', 'renamed', 'c'])
  expect(namesOf((await log.revert(last, [2, 3, 4])).document)).toEqual(['a', 'b'])
  // Counters go on, and the same document is no change.
  expect((await log.revert(last, [2, 3, 4])).document).toMatchObject({
    revision: 9,
    pairs: [{ nextMark: 9, notes: '' }]
  })
  expect(log.add(states[0] ?? last, documentOf(5, { recipes: [one, two] }), [])).toBeNull()
})

it('refuses to undo a value that another window has changed, and a change that it does not have', async () => {
  const log = new ChangeLog()
  log.add(documentOf(1, { notes: '' }), documentOf(2, { notes: 'mine' }), ['pair-1/notes'])
  log.add(documentOf(2, { recipes: [recipe('a')] }), documentOf(3, { recipes: [recipe('a', 'ours')] }), [])
  const theirs = documentOf(4, { notes: 'theirs', recipes: [] })
  await expect(log.revert(theirs, [2])).rejects.toThrow('notes changed elsewhere since')
  await expect(log.revert(theirs, [3])).rejects.toThrow('the recipe changed elsewhere since')
  await expect(log.revert(theirs, [7])).rejects.toThrow('the project was opened again since')
  expect((await log.revert(documentOf(5, { notes: 'mine' }), [2])).fields).toEqual(['pair-1/notes'])
})

it.each([
  ['pair-1/settings.samples.settings.seed', 'the setup of the next sample run'],
  ['settings.variants.added', 'the list of variants'],
  ['otherCheckpoints.8f2c.name', 'the checkpoint'],
  ['rendering.date', 'the date that the template sees']
])('names the field %s in words', (field, words) => {
  expect(fieldWords(field)).toBe(words)
})

it('gives a restored recipe another name where its name is taken', async () => {
  const log = new ChangeLog()
  log.add(documentOf(1, { recipes: [recipe('a')] }), documentOf(2, { recipes: [] }), [])
  const { document } = await log.revert(documentOf(3, { recipes: [recipe('b', 'a')] }), [2])
  expect(namesOf(document)).toEqual(['a (2)', 'a'])
})
