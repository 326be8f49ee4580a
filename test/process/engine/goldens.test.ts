import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../src/contract/model/look-up'
import { probe } from '../../../src/main/engine/questions/probe'
import { GOLDEN_FAMILIES, goldenPath, largestDifference, LOGIT_TOLERANCE, readGolden } from '../../fixtures/goldens'
import { logitsOfModels } from '../../fixtures/logits-of-models'

describe.each(GOLDEN_FAMILIES)('%s', (name) => {
  const family = readGolden(name)

  it.each(family.pairs)('$label: base, post and hybrids give the reference logits', async ({ dtype, base, post }) => {
    const prompts = Object.entries(family.prompts)
    // All prompts at once, packed into one trie, and every prefix of `short` with them.
    const short = family.prompts.short ?? []
    const prefixes = short.map((_, i) => short.slice(0, i + 1))
    const ofModels = await logitsOfModels(
      { base, post },
      family.models.map(({ model }) => model),
      [...prompts.map(([, tokens]) => tokens), ...prefixes]
    )
    for (const [place, { name: modelName }] of family.models.entries()) {
      const logits = elementAt(ofModels, place, 'model')
      const expected = family.lastLogits(dtype, modelName)
      for (const [i, [prompt]] of prompts.entries()) {
        expect(largestDifference(logits[i], expected[prompt]), `${modelName}, ${prompt}`).toBeLessThan(LOGIT_TOLERANCE)
      }
      family.allLogits(dtype, modelName)?.forEach((position, i) => {
        const actual = logits[prompts.length + i]
        expect(largestDifference(actual, position), `${modelName}, position ${i}`).toBeLessThan(LOGIT_TOLERANCE)
      })
    }
  })
})

describe('a pair of different stored dtypes', () => {
  const family = readGolden('smollm2')
  const base = goldenPath('smollm2', 'base-fp32')
  const post = goldenPath('smollm2', 'post-bf16')
  const prompts = Object.entries(family.prompts)

  it('restores base rounded to what post stores, as an export would', async () => {
    // The bf16 goldens are the float32 ones rounded, so these hybrids must be theirs.
    for (const { name, model } of family.models.filter(({ name }) => name.startsWith('hybrid'))) {
      const logits = await probe({
        base,
        post,
        device: 'cpu',
        model,
        prompts: prompts.map(([, tokens]) => tokens)
      })
      const expected = family.lastLogits('bfloat16', name)
      prompts.forEach(([prompt], i) => {
        expect(largestDifference(logits[i], expected[prompt]), `${name}, ${prompt}`).toBeLessThan(LOGIT_TOLERANCE)
      })
    }
  })

  it('computes base as a whole model from what base stores', async () => {
    const logits = await probe({
      base,
      post,
      device: 'cpu',
      model: { kind: 'base' },
      prompts: prompts.map(([, tokens]) => tokens)
    })
    const expected = family.lastLogits('float32', 'base')
    prompts.forEach(([prompt], i) => {
      expect(largestDifference(logits[i], expected[prompt]), prompt).toBeLessThan(LOGIT_TOLERANCE)
    })
  })
})
