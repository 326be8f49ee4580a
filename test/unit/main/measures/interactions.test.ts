import { expect, it } from 'vitest'
import type { EvaluationVariant } from '../../../../src/contract/documents/evaluation'
import { compareSettingEffects } from '../../../../src/main/measures/interactions'
import { taskFixture } from '../../../fixtures/evaluation-documents'

const post: EvaluationVariant['variant'] = { kind: 'post', name: 'post' }
const range: EvaluationVariant['variant'] = {
  kind: 'recipe',
  name: '1-2',
  recipe: { name: '1-2', ranges: [[1, 2]] }
}
const named = (variant: EvaluationVariant['variant'], name: string): EvaluationVariant => ({
  variant: { ...variant, name },
  prompting: 'regeneration'
})

it('compares the effect of a prompting on a range with its effect on post, prompt by prompt', () => {
  const variants: EvaluationVariant[] = [
    { variant: post },
    { variant: range },
    named(post, 'post, regeneration'),
    named(range, '1-2, regeneration'),
    { variant: range, sampling: { ...taskFixture().settings.sampling, temperature: 2 } }
  ]
  // The prompting adds 3 to post. It adds 5 to the range on even prompts, and 6 on odd ones.
  const measures = Array.from({ length: 8 }, (_, prompt) =>
    [1, 4, 4, 9 + (prompt % 2), 7].map((count) => ({ distinctRight: count + prompt }))
  )
  const task = taskFixture({ kind: 'open-ended' })
  const [interaction, ...others] = compareSettingEffects({ task, variants }, measures, 0)
  // Post has no variant at temperature 2.
  expect(others).toEqual([])
  expect(interaction).toMatchObject({
    variant: '1-2, regeneration',
    plain: '1-2',
    reference: 'post, regeneration',
    differences: { distinctRight: { mean: 2.5, promptCount: 8, pValue: 2 / 2 ** 8 } }
  })
  const [low = NaN, high = NaN] = interaction?.differences.distinctRight?.interval ?? []
  expect([low > 1.9, low < 2.5, high > 2.5, high < 3.1]).toEqual([true, true, true, true])
  expect(compareSettingEffects({ task, variants: variants.slice(0, 2) }, measures, 0)).toEqual([])
})
