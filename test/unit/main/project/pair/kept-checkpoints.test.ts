import { expect, it } from 'vitest'
import type { PairDocument } from '../../../../../src/contract/documents/project'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { rangeStrengths } from '../../../../../src/contract/model/strengths'
import { withCheckpointAt, withCheckpointNamed } from '../../../../../src/main/project/pair/kept-checkpoints'

const sft = { name: 'sft', path: '/models/sft', fingerprint: 'f1' }
const range = { start: 1, end: 2 }
const document: Pick<PairDocument, 'otherCheckpoints' | 'recipes' | 'nextMark'> = {
  otherCheckpoints: [{ ...sft, id: 'c', mark: 0 }],
  recipes: [undefined, sft].map((source, index) => ({
    id: `r${index}`,
    mark: index + 1,
    recipe: { name: `recipe ${index}`, layers: rangeStrengths(range, 3, source) },
    keptAt: '2026-01-01T00:00:00Z',
    sweepId: 's',
    scoredBy: { kind: 'crc' },
    validity: 0.9,
    diversity: 0.8
  })),
  nextMark: 3
}

it('takes recipes along when a checkpoint that they take layers of moves or gets another name', () => {
  const moved = withCheckpointAt(document, 'c', { path: '/elsewhere', fingerprint: 'f1' })
  const named = withCheckpointNamed({ ...document, ...moved }, 'c', 'SFT')
  const [ofBase, ofSft] = named.recipes
  expect(ofBase).toEqual(document.recipes[0])
  expect(ofSft).toEqual({
    ...elementAt(document.recipes, 1, 'recipe'),
    recipe: {
      name: 'recipe 1',
      layers: rangeStrengths(range, 3, { ...sft, name: 'SFT', path: '/elsewhere' })
    }
  })
})

it('drops the scores of a recipe whose checkpoint has other weights now', () => {
  const { recipes } = withCheckpointAt(document, 'c', { path: '/models/sft', fingerprint: 'f2' })
  expect(recipes[0]).toEqual(document.recipes[0])
  expect(recipes[1]).toMatchObject({ sweepId: null, validity: null, diversity: null })
})
