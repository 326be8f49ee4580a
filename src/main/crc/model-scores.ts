import type { CrcPrompt, PromptScore, Score } from '../../contract/crc'
import type { LiveScore } from '../../contract/sweep-events'
import { averageScores, scorePrompt } from './scoring'

/** Digits that a document keeps of a probability: beyond float32's seven, short of noise. */
const STORED_DIGITS = 9

/** The scores of one model as its prompts' probabilities arrive. */
export class ModelScores {
  private readonly scores: (PromptScore | undefined)[]

  constructor(private readonly prompts: readonly Pick<CrcPrompt, 'category'>[]) {
    this.scores = prompts.map(() => undefined)
  }

  /** @param probabilities p(c) of each valid character of the prompt */
  add(prompt: number, probabilities: readonly number[]): void {
    this.scores[prompt] = scorePrompt(probabilities)
  }

  /** The means over the prompts scored so far; at least one is. */
  soFar(): LiveScore {
    const known = this.known()
    const { validity, diversity, effectiveChoices } = averageScores(known.prompts, known.scores)
    return { validity, diversity, effectiveChoices, promptCount: known.scores.length }
  }

  /** The score over all prompts, its per-character probabilities rounded for storing; null while some are missing. */
  complete(): Score | null {
    const { prompts, scores } = this.known()
    if (scores.length < this.prompts.length) return null
    const score = averageScores(prompts, scores)
    return {
      ...score,
      prompts: score.prompts.map((prompt) => ({
        ...prompt,
        probabilities: prompt.probabilities.map((p) => Number(p.toPrecision(STORED_DIGITS)))
      }))
    }
  }

  private known(): { prompts: Pick<CrcPrompt, 'category'>[]; scores: PromptScore[] } {
    return {
      prompts: this.prompts.filter((_, index) => this.scores[index] !== undefined),
      scores: this.scores.filter((score) => score !== undefined)
    }
  }
}
