import { expect, it } from 'vitest'
import type { EvaluationVariant } from '../../../../src/contract/documents/evaluation'
import type { Recipe } from '../../../../src/contract/model/recipe'
import { OPEN_SAMPLING } from '../../../../src/contract/model/sampling'
import { blendStrengths } from '../../../../src/contract/model/strengths'
import { resourcePath } from '../../../../src/main/base/resources'
import { readStudy } from '../../../../src/main/study/study-file'
import { studyVariants } from '../../../../src/main/study/study-variants'
import { variantLines } from '../../../../src/main/study/variant-lines'

const LAYERS = Array.from({ length: 12 }, (_, layer) => ({ attention: layer < 4 ? 0 : 1, mlp: 0.5 }))

/** As somebody may have evaluated by hand. */
const EVALUATED: EvaluationVariant[] = [
  { variant: { kind: 'base', name: 'base' } },
  { variant: { kind: 'post', name: 'post' } },
  {
    variant: { kind: 'post', name: 'post: "hot"' },
    sampling: { ...OPEN_SAMPLING, temperature: 1.5, topK: 40 }
  },
  { variant: { kind: 'post', name: 'asked for five' }, prefix: 'Five of them:\n- ', system: '', listed: 5 },
  { variant: { kind: 'recipe', name: 'Layers 4–11', recipe: { name: 'Layers 4–11', ranges: [[4, 11]] } } },
  {
    variant: {
      kind: 'recipe',
      name: 'two',
      recipe: {
        name: 'two',
        ranges: [
          [1, 1],
          [4, 6]
        ]
      }
    }
  },
  {
    variant: {
      kind: 'recipe',
      name: 'All layers at 0.7',
      recipe: { name: 'All layers at 0.7', layers: blendStrengths(0.7, 12) }
    }
  },
  {
    variant: { kind: 'recipe', name: '# mine', recipe: { name: '# mine', layers: LAYERS } },
    suffix: ' Please.'
  },
  { variant: { kind: 'rival', name: 'mixed', rival: { kind: 'mix', share: 0.55 } } },
  {
    variant: {
      ...{ kind: 'endpoint', name: 'served' },
      endpoint: {
        ...{ model: 'slr-8b', baseUrl: 'http://localhost:8000/v1', through: 'chat', anyModel: true },
        ...{ concurrency: 8, keyVariable: 'SLR_API_KEY' }
      }
    }
  }
]

it('say of variants in a study what they were: read again, they are the same', async () => {
  const lines = EVALUATED.flatMap((variant) => variantLines(variant, OPEN_SAMPLING))
  const text = ['name: s', 'pairs: [demo]', 'variants:', ...lines.map((line) => `  ${line}`)].join('\n')
  const { variants, samplers } = await readStudy(text, 's.yaml')
  const pair = { base: resourcePath('demo-pair', 'base'), post: resourcePath('demo-pair', 'post') }
  expect(await studyVariants(variants, samplers, OPEN_SAMPLING, { folder: '/', pair }, null)).toEqual(
    EVALUATED
  )
})

it('say of whole layers of another checkpoint where they are from, in a word', () => {
  const sft = { name: 'sft', path: '/models/sft, old', fingerprint: 'f' }
  const [base, post] = [
    { attention: 1, mlp: 1 },
    { attention: 0, mlp: 0 }
  ]
  const layers = [
    post,
    { ...base, source: sft },
    { ...base, source: sft },
    base,
    post,
    { ...base, source: sft }
  ]
  const line = (recipe: Recipe) =>
    variantLines({ variant: { kind: 'recipe', name: 'x', recipe } }, OPEN_SAMPLING)[0]
  expect(line({ name: 'x', layers })).toBe('- restore: "1-2@/models/sft, old,3,5@/models/sft, old"')
  // What a path could not be told from is written out.
  const odd = { ...sft, path: '/models/sft,9' }
  expect(line({ name: 'x', layers: [{ ...base, source: odd }, post] })).toContain('recipe: {')
})

it('leave as a comment what a study cannot say', () => {
  const sampling = { ...OPEN_SAMPLING, repetitionPenalty: 1.2 }
  expect(variantLines({ variant: { kind: 'post', name: 'post' }, sampling }, OPEN_SAMPLING)).toEqual([
    '# post had a repetition penalty of its own, which a study has not'
  ])
})
