import type { PromptScore } from '../../../contract/documents/crc'
import type { ScoredBy } from '../../../contract/documents/scored-by'
import { elementAt } from '../../../contract/model/look-up'
import { scorePrompt } from './scoring'

/**
 * Converts the engine's probabilities to the score of a prompt and back. The engine returns one probability per group
 * of token sequences. A prompt has one group for each right answer. Prompts of a task have one more, for answers that
 * begin as a right answer.
 */
export interface Scorer {
  /** Number of groups of a prompt beyond one for each right answer. */
  readonly extraGroups: number
  /**
   * Computes a score.
   * @param groups probability of each group
   * @param whatIf values under other samplers that are stored with the score, as {@link keep} returns them
   */
  score(groups: readonly number[], whatIf?: string): PromptScore
  /** Returns the probability of each group from which a score was computed. */
  groupsOf(score: PromptScore): number[]
  /** Converts probabilities `[samplers, groups]`, float32 in base64, to the form that a sweep stores. */
  keep(whatIf: string, groupCount: number): string
  /** Computes the score under another sampler. @param whatIf stored values @param sampler index of the sampler */
  scoreUnder(whatIf: string, sampler: number, answerCount: number): PromptScore
}

/** Returns the scorer of the character task, or of a task with listed answers. */
export function scorerOf(scoredBy: ScoredBy): Scorer {
  if (scoredBy.kind === 'crc') {
    return {
      extraGroups: 0,
      score: (groups, whatIf) => withWhatIf(scorePrompt(groups), whatIf),
      groupsOf: ({ probabilities }) => probabilities,
      keep: (whatIf, groupCount) =>
        encode(
          chunks(decode(whatIf), groupCount).flatMap((groups) => {
            const { validity, diversity } = scorePrompt(groups)
            return [validity, diversity]
          })
        ),
      scoreUnder(whatIf, sampler, answerCount) {
        const scores = decode(whatIf, 2 * sampler, 2)
        // Old sweeps stored values that rounding had taken slightly above 1.
        const [validity, diversity] = [
          Math.min(1, elementAt(scores, 0, 'score')),
          Math.min(1, elementAt(scores, 1, 'score'))
        ]
        const effectiveChoices = Math.exp(diversity * Math.log(answerCount))
        return { validity, diversity, effectiveChoices, probabilities: [], whatIf }
      }
    }
  }
  const score = (groups: readonly number[]): PromptScore =>
    scoreListed(groups.slice(0, -1), elementAt(groups, groups.length - 1, 'group'), scoredBy.draws)
  return {
    extraGroups: 1,
    score: (groups, whatIf) => withWhatIf(score(groups), whatIf),
    // `continued` is the probability of answers that begin as a right one and continue differently.
    groupsOf: ({ probabilities, validity, continued = 0 }) => [...probabilities, validity + continued],
    keep: (whatIf) => whatIf,
    scoreUnder(whatIf, sampler, answerCount) {
      const groups = answerCount + 1
      return withWhatIf(score(decode(whatIf, sampler * groups, groups)), whatIf)
    }
  }
}

const withWhatIf = (score: PromptScore, whatIf: string | undefined): PromptScore =>
  whatIf === undefined ? score : { ...score, whatIf }

/** Decodes float32 values. @param first index of the first value @throws RangeError if there are fewer than `count` */
function decode(base64: string, first = 0, count = Infinity): number[] {
  // Decode only the characters that hold the values (three bytes in four), because a slider calls this often.
  const skipped = Math.floor((4 * first) / 3)
  const end = Math.ceil((4 * (first + count)) / 3)
  const bytes = Buffer.from(base64.slice(4 * skipped, 4 * end), 'base64')
  const start = 4 * first - 3 * skipped
  const length = Math.min(count, (bytes.byteLength - start) / 4)
  if (count !== Infinity && length < count) throw new RangeError(`there are no ${count} values from ${first} on`)
  const values: number[] = []
  for (let i = 0; i < length; i++) values.push(bytes.readFloatLE(start + 4 * i))
  return values
}

function encode(values: readonly number[]): string {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 4 * i)
  return bytes.toString('base64')
}

/** Cuts values into arrays of equal size. */
function chunks(values: readonly number[], size: number): number[][] {
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size))
}

/**
 * Computes the exact score of one question with listed answers. P(a) is the probability of answer `a`.
 * Precision is the sum of P. Distinct right answers are the sum of 1 - (1 - P)^draws, and coverage is their
 * share of all listed answers. Effective answers are exp(H(P / sum of P)).
 *
 * @param probabilities P of each listed answer
 * @param begun probability that the model's answer begins with a listed answer
 */
function scoreListed(probabilities: readonly number[], begun: number, draws: number): PromptScore {
  const { validity, effectiveChoices } = scorePrompt(probabilities)
  const distinctRight = probabilities.reduce((sum, p) => sum + 1 - (1 - Math.min(1, p)) ** draws, 0)
  const coverage = distinctRight / probabilities.length
  return {
    validity,
    diversity: coverage,
    effectiveChoices,
    probabilities: probabilities.map((p) => Math.min(1, p)),
    precision: validity,
    distinctRight,
    coverage,
    effectiveAnswers: effectiveChoices,
    continued: Math.max(0, begun - validity)
  }
}
