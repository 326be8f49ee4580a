import type { PromptScore } from '../../../contract/documents/crc'
import type { LiveEntry } from '../../../contract/documents/sweep-events'
import { elementAt } from '../../../contract/model/look-up'
import type { EngineSweepEvent } from '../../../contract/procedures/engine'
import { ScoreCollector } from '../task/model-scores'
import { type Scorer, scorerOf } from '../task/scorer'
import type { EarlierResults } from './earlier-results'
import type { PreparedSweep } from './prepare-sweep'
import type { SavedSweepProgress } from './saved-sweep-progress'

/** The scores of a running sweep, and which of them were not saved or reported yet. */
export class ComputedScores {
  private readonly scorer: Scorer
  /** Scores of each model, then of each baseline. */
  readonly collectors: readonly ScoreCollector[]
  /** Scores of the unfinished part, by prompt and model. */
  private unsaved = new Map<number, Map<number, PromptScore>>()
  /** Models with scores that no event has reported. */
  private readonly changed = new Set<number>()

  /** @param earlier scores that are used again; null if there are none */
  constructor(
    private readonly prepared: PreparedSweep,
    earlier: EarlierResults | null
  ) {
    this.scorer = scorerOf(prepared.scoredBy)
    this.collectors = [...prepared.models, ...prepared.baselines].map(() => new ScoreCollector(prepared.prompts))
    for (const [prompt, { key }] of prepared.prompts.entries()) {
      for (const [model, score] of earlier?.scores.get(key) ?? []) this.set(model, prompt, score)
    }
  }

  get hasUnreported(): boolean {
    return this.changed.size > 0
  }

  isScored(model: number, prompt: number): boolean {
    return elementAt(this.collectors, model, 'model').get(prompt) !== undefined
  }

  clear(): void {
    this.unsaved.clear()
    this.changed.clear()
    for (const scores of this.collectors) scores.clear()
  }

  /** Scores the probabilities of a model on some of the missing prompts. */
  add(
    { prompts, probabilities, whatIf }: Extract<EngineSweepEvent, { type: 'probabilities' }>,
    missing: readonly number[],
    model: number
  ): void {
    for (const [row, index] of prompts.entries()) {
      const prompt = elementAt(missing, index, 'prompt')
      const groups = elementAt(probabilities, row, 'prompt')
      const underSamplers = whatIf?.[row]
      const stored = underSamplers === undefined ? undefined : this.scorer.keep(underSamplers, groups.length)
      const score = this.scorer.score(groups, stored)
      this.set(model, prompt, score)
      const promptScores = this.unsaved.get(prompt) ?? new Map<number, PromptScore>()
      this.unsaved.set(prompt, promptScores.set(model, score))
    }
  }

  /** Returns the scores of the part that has ended, as the progress file stores them. */
  takeUnsaved(): Parameters<SavedSweepProgress['add']>[0] {
    const results = Array.from(this.unsaved, ([prompt, scores]) => ({
      promptKey: elementAt(this.prepared.prompts, prompt, 'prompt').key,
      scores
    }))
    this.unsaved = new Map()
    return results
  }

  /** Returns the changed scores for an event. Baselines, which follow the models, are only part of the result. */
  takeUnreported(): LiveEntry[] {
    const entries = this.prepared.models.flatMap((model, index) =>
      this.changed.has(index) ? [{ model, score: elementAt(this.collectors, index, 'model').soFar() }] : []
    )
    this.changed.clear()
    return entries
  }

  private set(model: number, prompt: number, score: PromptScore): void {
    elementAt(this.collectors, model, 'model').set(prompt, score)
    this.changed.add(model)
  }
}
