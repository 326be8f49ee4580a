import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../../src/contract/model/model'
import { openCheckpoint } from '../../../src/main/checkpoint/checkpoint'
import { generate } from '../../../src/main/engine/generate/generate'
import { probe } from '../../../src/main/engine/questions/probe'
import { finishedAnswers, ONE_ANSWER } from '../../fixtures/few-answers'
import { goldenPath, largestDifference, LOGIT_TOLERANCE, readGolden } from '../../fixtures/goldens'
import { textFolder } from '../../fixtures/text-folder'
import { whyNoWebGpu } from '../../fixtures/webgpu'

const golden = readGolden('mistral_swa')
const prompts = Object.entries(golden.prompts)
const noWebGpu = await whyNoWebGpu()

/** A folder of the golden pair with another config: as Mistral Instruct v0.2 has no window and another base frequency. */
async function otherwise(member: 'base' | 'post'): Promise<string> {
  const folder = await textFolder({})
  await cp(goldenPath('mistral_swa', `${member}-bf16`), folder, { recursive: true })
  const file = join(folder, 'config.json')
  const config: object = JSON.parse(await readFile(file, 'utf8'))
  const changed = { ...config, sliding_window: null, rope_theta: 500, rms_norm_eps: 1e-3 }
  await writeFile(file, JSON.stringify(changed))
  return folder
}

/** Base as published, post of another config, and base's weights with post's config. */
let base: string, post: string, baseAsPost: string
beforeAll(async () => {
  base = goldenPath('mistral_swa', 'base-bf16')
  post = await otherwise('post')
  baseAsPost = await otherwise('base')
})

const logitsOf = (pair: { base: string; post: string }, model: Model): Promise<number[][]> =>
  probe({ ...pair, device: 'cpu', model, prompts: prompts.map(([, tokens]) => tokens) }).then((rows) =>
    rows.map((row) => [...row])
  )

async function answers(
  pair: { base: string; post: string },
  models: Model[],
  device: 'cpu' | 'webgpu'
): Promise<number[][]> {
  const request = {
    ...pair,
    device,
    models,
    prompts: [golden.prompts.long ?? []],
    ...ONE_ANSWER,
    precision: 'fp32' as const
  }
  const tokens: number[][] = []
  for (const answer of await finishedAnswers(generate(request, () => null))) tokens[answer.model] = answer.tokens
  return tokens
}

describe('a pair whose configs compute otherwise', () => {
  it('has base computed by its own config', async () => {
    const logits = await logitsOf({ base, post }, { kind: 'base' })
    const expected = golden.lastLogits('bfloat16', 'base')
    for (const [i, [prompt]] of prompts.entries()) {
      expect(largestDifference(logits[i], expected[prompt]), prompt).toBeLessThan(LOGIT_TOLERANCE)
    }
  })

  it("has post and what is restored computed by post's, as an export is", async () => {
    for (const { name, model } of golden.models.filter((some) => some.name !== 'base')) {
      const mixed = await logitsOf({ base, post }, model)
      expect(mixed, name).toEqual(await logitsOf({ base: baseAsPost, post }, model))
      expect(largestDifference(mixed.at(-1), golden.lastLogits('bfloat16', name).long), name).toBeGreaterThan(0.1)
    }
  })

  it('has another checkpoint computed by its own, even with weights of the pair', async () => {
    const model = async (path: string): Promise<Model> => ({
      kind: 'checkpoint',
      name: 'other',
      path,
      fingerprint: (await openCheckpoint(path)).fingerprint
    })
    const asBase = await logitsOf({ base, post }, { kind: 'base' })
    expect(await logitsOf({ base: baseAsPost, post }, await model(base))).toEqual(asBase)
    const asPost = await logitsOf({ base: baseAsPost, post }, { kind: 'base' })
    expect(await logitsOf({ base, post }, await model(baseAsPost))).toEqual(asPost)
  })

  it.each(noWebGpu === null ? (['cpu', 'webgpu'] as const) : (['cpu'] as const))(
    'answers on %s as each model does by itself',
    async (device) => {
      const [, , restored] = golden.models.map(({ model }) => model)
      const models: Model[] = [{ kind: 'base' }, { kind: 'post' }, ...(restored === undefined ? [] : [restored])]
      const [ofBase] = await answers({ base, post: base }, [{ kind: 'post' }], device)
      const [ofPost, ofRestored] = await answers({ base: baseAsPost, post }, models.slice(1), device)
      expect(await answers({ base, post }, models, device)).toEqual([ofBase, ofPost, ofRestored])
      expect(ofBase).not.toEqual(await answers({ base: baseAsPost, post }, [{ kind: 'base' }], device).then(([a]) => a))
    }
  )
})
