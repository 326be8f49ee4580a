import type {
  CategoryScore,
  CrcPrompt,
  CrcPrompts,
  RenderedPrompt,
  Score,
  SweepDocument
} from '../../contract/documents/crc'
import {
  type EngineVariant,
  SAMPLED_CRC_VERSION,
  type SampledCrc,
  type SampleLine,
  type Variant
} from '../../contract/documents/samples'
import { scoreIn } from '../../contract/documents/swept-model'
import { inputError } from '../../contract/model/problem'
import { compareCrcTokens } from '../crc/task/compare-tokens'
import { renderPrompts } from '../crc/task/render-prompts'
import type { EngineClient } from '../engine/host'
import { sameTokens } from '../checkpoint/whole-model-tokens'
import { pairReferences } from '../checkpoint/pair'
import { promptName } from '../text/prompt-name'
import { averageScores, scorePrompt } from '../crc/task/scoring'
import { firstTokenScores } from './first-token'
import { openSampledPair, prepareGeneration, type SampledPair } from './generation'
import type { SampleRunRequest } from './prepare-run'
import { generateSamples } from './run-samples'
import { engineOnly } from './external'

export interface SampleCrcRequest extends Omit<SampleRunRequest, 'prompts'> {
  prompts: CrcPrompts
}

/**
 * Scores prompts of the character task (CRC) from complete generated answers, beside exact scores of the first token
 * and of a sweep.
 *
 * @param sweep null to leave out its scores
 */
export async function sampleCrc(
  engine: EngineClient,
  request: SampleCrcRequest,
  sweep: SweepDocument | null,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void
): Promise<SampledCrc> {
  const { prompts, rendering, settings } = request
  const variants = request.variants.map(comparableVariant)
  const pair = await openSampledPair(request)
  const rendered = await renderPrompts(prompts, rendering, pair.text)
  const tokens = rendered.prompts.map((prompt) => prompt.tokens)
  const { generation } = await prepareGeneration(pair, { prompts: tokens }, variants, settings, (whole) =>
    compareCrcTokens(whole, pair.post, pair.text, rendered, rendering.countLeadingSpace)
  )
  const firstTokens = await firstTokenScores(engine, generation, variants, rendered, signal)
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
  const comparable = sweep !== null && hasSamePrompts(sweep, pair, rendered.prompts) ? sweep : null
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

/** Refuses an external variant and one with other prompts. @throws WorkbenchError `bad-input` */
function comparableVariant(variant: Variant): Exclude<EngineVariant, { kind: 'few-shot' }> {
  const [inEngine] = engineOnly([variant], 'its first token has no scores to compare with')
  if (inEngine !== undefined && inEngine.kind !== 'few-shot') return inEngine
  throw inputError(
    `The variant "${variant.name}" sees other prompts than this check compares.`,
    'Leave it out. A sweep scores it on the character prompts.'
  )
}

function categoryScore({ validity, diversity }: Score): CategoryScore {
  return { validity, diversity }
}

/** Reports whether a sweep scored the same prompts on the same checkpoints. */
function hasSamePrompts(
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

/** A generated answer, and whether it ended or was cut off. */
export type CrcAnswer = Pick<SampleLine, 'text' | 'finish'>

/** Two-sided 99 % quantile of the normal distribution. */
const Z_99 = 2.5758293035489004
/** Differences up to this are accepted, even if they are significant. */
const TOLERATED_DIFFERENCE = 0.02

/**
 * Computes the CRC score of complete generated answers. Validity is the share of answers that are exactly one
 * valid character (see {@link validCharacter}). Diversity is the Shannon entropy of the valid characters'
 * counts divided by log |V|. Means are taken over the prompts of a category, then over categories, as for
 * exact scores; `probabilities` are shares of all answers.
 *
 * The entropy of counts is below that of the model. For n valid answers among m possible characters, the mean
 * difference is about (m - 1) / 2n nats. It is 0.12 of log |V| for 32 answers on 26 letters (Miller 1955; adding that
 * back is the Miller-Madow correction). No correction is applied, because a corrected entropy can exceed log |V|.
 * Compare equal n, or use the exact score.
 *
 * @param answers of each prompt, at least one; parallel to `prompts`.
 * @param countLeadingSpace also accept white space before the character, as the exact score then does.
 * @throws WorkbenchError `bad-input` naming a prompt without answers
 */
export function scoreSampledCrc(
  prompts: readonly CrcPrompt[],
  answers: readonly (readonly CrcAnswer[])[],
  countLeadingSpace: boolean
): Score {
  const scores = prompts.map((prompt, index) => {
    const promptAnswers = answers[index] ?? []
    if (promptAnswers.length === 0) {
      throw inputError(
        `${promptName(prompt, index)} has no answers to score.`,
        'Generate at least one answer for every prompt.'
      )
    }
    const counts = new Map(prompt.valid.map((character) => [character, 0]))
    for (const answer of promptAnswers) {
      const character = validCharacter(answer, counts, countLeadingSpace)
      if (character !== null) counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    return scorePrompt([...counts.values()].map((count) => count / promptAnswers.length))
  })
  return averageScores(prompts, scores)
}

/**
 * Finds the valid character that an answer consists of. White space may follow, or with `countLeadingSpace` also
 * precede it. Null for other answers and those cut off at their maximal length.
 */
function validCharacter(
  { text, finish }: CrcAnswer,
  valid: ReadonlyMap<string, number>,
  countLeadingSpace: boolean
): string | null {
  if (finish === 'length') return null
  // The valid set may contain white space itself.
  return [text, text.trimEnd(), ...(countLeadingSpace ? [text.trim()] : [])].find((form) => valid.has(form)) ?? null
}

/**
 * Tests whether the validity of complete answers differs from the exact validity of their first token by more
 * than sampling explains. For example, "I would choose K" begins with a valid I. The difference must exceed
 * 0.02 and the 99 % binomial interval
 *
 *     z * sqrt(sum over prompts of w^2 Q (1 - Q) / n) + max(w / n) / 2,   with z = 2.576.
 *
 * Here Q is a prompt's exact validity, n its number of answers, and w its weight in the mean (1 / categories /
 * prompts of its category). For one prompt this tests whether Q lies outside Wilson's interval with continuity
 * correction around the share (Newcombe 1998, method 4).
 *
 * @param firstToken exact scores of the same prompts in the same order, with the temperature and truncation of the
 * answers.
 * @param answerCounts n of each prompt.
 * @returns `tolerance`, the larger of the two bounds, and whether the difference exceeds it
 */
export function agreement(
  prompts: readonly Pick<CrcPrompt, 'category'>[],
  firstToken: Score,
  answers: Score,
  answerCounts: readonly number[]
): { tolerance: number; disagrees: boolean } {
  const promptCounts = new Map<string, number>()
  for (const { category } of prompts) promptCounts.set(category, (promptCounts.get(category) ?? 0) + 1)
  let variance = 0
  let largestStep = 0
  for (const [index, { category }] of prompts.entries()) {
    const weight = 1 / promptCounts.size / (promptCounts.get(category) ?? 1)
    const answerCount = answerCounts[index] ?? 0
    // A sum of probabilities may exceed 1 by rounding.
    const validity = Math.min(1, firstToken.prompts[index]?.validity ?? 0)
    variance += (weight ** 2 * validity * (1 - validity)) / answerCount
    largestStep = Math.max(largestStep, weight / answerCount)
  }
  const noise = Z_99 * Math.sqrt(variance) + largestStep / 2
  const tolerance = Math.max(TOLERATED_DIFFERENCE, noise)
  return { tolerance, disagrees: Math.abs(answers.validity - firstToken.validity) > tolerance }
}
