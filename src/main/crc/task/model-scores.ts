import type { CountedPrompt } from '../../../contract/documents/counted-scores'
import type { PromptScore, Score } from '../../../contract/documents/crc'
import type { LiveScore } from '../../../contract/documents/sweep-events'
import { averageScores } from './scoring'

/** Collects the scores of one model on each prompt, while a sweep computes them. */
export class ScoreCollector {
  private readonly scores: (PromptScore | undefined)[]

  constructor(private readonly prompts: readonly CountedPrompt[]) {
    this.scores = prompts.map(() => undefined)
  }

  set(prompt: number, score: PromptScore): void {
    this.scores[prompt] = score
  }

  get count(): number {
    return this.available().length
  }

  /** Returns the score on a prompt; undefined while the prompt has no score. */
  get(prompt: number): PromptScore | undefined {
    return this.scores[prompt]
  }

  /** Returns the score on a prompt. @throws RangeError while the prompt has no score */
  of(prompt: number): PromptScore {
    const score = this.scores[prompt]
    if (score === undefined) throw new RangeError(`prompt ${prompt} has no score yet`)
    return score
  }

  clear(): void {
    this.scores.fill(undefined)
  }

  /** Averages over the prompts scored so far. At least one must be scored. */
  soFar(): LiveScore {
    const prompts = this.prompts.filter((_, index) => this.scores[index] !== undefined)
    const scores = this.available()
    const { validity, diversity, effectiveChoices, distinctRight } = averageScores(prompts, scores)
    const live = { validity, diversity, effectiveChoices, promptCount: scores.length }
    return distinctRight === undefined ? live : { ...live, distinctRight }
  }

  /** Returns the score over all prompts, or null while any is missing. */
  complete(): Score | null {
    const scores = this.available()
    return scores.length < this.prompts.length ? null : averageScores(this.prompts, scores)
  }

  private available(): PromptScore[] {
    return this.scores.filter((score) => score !== undefined)
  }
}
