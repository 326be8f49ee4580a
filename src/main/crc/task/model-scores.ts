import type { CrcPrompt, PromptScore, Score } from '../../../contract/documents/crc'
import type { LiveScore } from '../../../contract/documents/sweep-events'
import { averageScores } from './scoring'

/** The scores of one model as those of its prompts arrive. */
export class ModelScores {
  private readonly scores: (PromptScore | undefined)[]

  constructor(private readonly prompts: readonly Pick<CrcPrompt, 'category'>[]) {
    this.scores = prompts.map(() => undefined)
  }

  set(prompt: number, score: PromptScore): void {
    this.scores[prompt] = score
  }

  /** How many have arrived. */
  get count(): number {
    return this.known().length
  }

  /** Undefined while it has not arrived. */
  get(prompt: number): PromptScore | undefined {
    return this.scores[prompt]
  }

  /** @throws RangeError while it has not arrived */
  of(prompt: number): PromptScore {
    const score = this.scores[prompt]
    if (score === undefined) throw new RangeError(`prompt ${prompt} has no score yet`)
    return score
  }

  clear(): void {
    this.scores.fill(undefined)
  }

  /** The means over the prompts scored so far; at least one is. */
  soFar(): LiveScore {
    const prompts = this.prompts.filter((_, index) => this.scores[index] !== undefined)
    const known = this.known()
    const { validity, diversity, effectiveChoices, distinctRight } = averageScores(prompts, known)
    return {
      validity,
      diversity,
      effectiveChoices,
      ...(distinctRight === undefined ? {} : { distinctRight }),
      promptCount: known.length
    }
  }

  /** The score over all prompts; null while some are missing. */
  complete(): Score | null {
    const known = this.known()
    return known.length < this.prompts.length ? null : averageScores(this.prompts, known)
  }

  private known(): PromptScore[] {
    return this.scores.filter((score) => score !== undefined)
  }
}
