import type {
  CategoryScore,
  CrcPrompts,
  RenderedPrompt,
  Rendering,
  Score,
  SweepDocument
} from '../../contract/documents/crc'
import {
  SAMPLED_CRC_VERSION,
  type SampledCrc,
  type SampleLine,
  type SampleSettings,
  type Variant
} from '../../contract/documents/samples'
import { compareCrcTokens } from '../crc/task/compare-tokens'
import { renderPrompts } from '../crc/task/render-prompts'
import type { EngineClient } from '../engine/host'
import { scoreIn } from '../../contract/documents/swept-model'
import { sameTokens } from '../checkpoint/whole-model-tokens'
import { firstTokenScores } from './first-token'
import { pairReferences } from '../checkpoint/pair'
import { openSampledPair, prepareGeneration, type SampledPair } from './generation'
import { generateSamples } from './run-samples'
import { engineOnly } from './external'
import { agreement, scoreSampledCrc } from './sampled-crc'

export interface SampleCrcRequest {
  /** Model folders. */
  base: string
  post: string
  prompts: CrcPrompts
  rendering: Rendering
  variants: Variant[]
  settings: SampleSettings
}

/**
 * Scores CRC prompts from complete generated answers, `settings.sampleCount` for each prompt and variant. The
 * result also contains exact scores of the first token under the same sampler, and those of a sweep of the
 * same prompts and checkpoints.
 *
 * @param sweep where to look for exact scores; null if there is none.
 * @throws WorkbenchError `cancelled` when `signal` fires; errors of pair, prompts, variants or engine
 */
export async function sampleCrc(
  engine: EngineClient,
  request: SampleCrcRequest,
  sweep: SweepDocument | null,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void
): Promise<SampledCrc> {
  const { prompts, rendering, settings } = request
  const variants = engineOnly(request.variants, 'its first token has no scores to compare with')
  const pair = await openSampledPair(request)
  const rendered = await renderPrompts(prompts, rendering, pair.text)
  const tokens = rendered.prompts.map((prompt) => prompt.tokens)
  const { generation } = await prepareGeneration(pair, tokens, variants, settings, (whole) =>
    compareCrcTokens(whole, pair.post, pair.text, rendered, rendering.countLeadingSpace)
  )
  const firstTokens = await firstTokenScores(engine, generation, rendered, signal)
  const answers = new Map(variants.map(({ name }) => [name, prompts.map((): SampleLine[] => [])]))
  const { computation } = await generateSamples(
    engine,
    { generation, stored: [], earlier: null },
    {
      async keep(lines) {
        for (const line of lines) answers.get(line.variant)?.[line.prompt]?.push(line)
      },
      progress: ({ samplesDone, samplesTotal }) => onProgress(samplesDone, samplesTotal)
    },
    signal
  )
  if (computation === null) throw new Error('no answers were generated')
  const comparable = sweep !== null && isOfSame(sweep, pair, rendered.prompts) ? sweep : null
  return {
    schemaVersion: SAMPLED_CRC_VERSION,
    createdAt: new Date().toISOString(),
    ...pairReferences(request, pair),
    rendering,
    prompts,
    settings,
    variants,
    ...computation,
    scores: variants.map((variant, index) => {
      const variantAnswers = answers.get(variant.name) ?? []
      const firstToken = firstTokens[index]
      if (firstToken === undefined) throw new Error(`${variant.name} has no first-token score`)
      const sampled = scoreSampledCrc(prompts, variantAnswers, rendering.countLeadingSpace)
      const exact = comparable === null ? null : scoreIn(comparable, variant)
      const counts = variantAnswers.map(({ length }) => length)
      return {
        variant: variant.name,
        answers: categoryScore(sampled),
        firstToken: categoryScore(firstToken),
        exact: exact === null ? null : categoryScore(exact),
        ...agreement(prompts, firstToken, sampled, counts)
      }
    })
  }
}

function categoryScore({ validity, diversity }: Score): CategoryScore {
  return { validity, diversity }
}

/** Reports whether a sweep scored the same prompts on the same checkpoints. */
function isOfSame(
  sweep: SweepDocument,
  { base, post }: SampledPair,
  prompts: readonly RenderedPrompt[]
): boolean {
  return (
    sweep.basePath.fingerprint === base.checkpoint.fingerprint &&
    sweep.postPath.fingerprint === post.checkpoint.fingerprint &&
    sweep.prompts.length === prompts.length &&
    prompts.every((prompt, index) => {
      const swept = sweep.prompts[index]
      return (
        swept !== undefined &&
        sameTokens(swept.tokens, prompt.tokens) &&
        swept.category === prompt.category &&
        swept.valid.join('') === prompt.valid.join('')
      )
    })
  )
}
