import type { GenerateRequest } from '../../contract/engine'
import type { Cohort, Cohorts, RunningRow } from './cohorts'
import type { Device } from './device'
import type { GenerationPlan } from './generation-plan'
import type { LanguageHead } from './language-head'
import type { PairWeights } from './pair-weights'
import type { Prefilled } from './prefill'
import type { Origin, RecipeTrie } from './recipe-trie'
import { openCpuRunner } from './cpu-runner'

/**
 * Runs rows through resident blocks. What it holds for them, hidden states, keys and values, lies where its device
 * computes; which rows run, and in what order they lie in their cohorts, is not its business.
 */
export interface RowRunner {
  /** Fills the last slots of their cohorts, which these rows have got, with the keys and values of their prompts. */
  admit(rows: readonly RunningRow[], prefilled: Prefilled): Promise<void>
  /** Copies what a slot of a cohort holds over another slot. */
  move(cohort: Cohort, from: number, to: number): Promise<void>
  /** Runs each row's last token through its model. @returns next-token logits, parallel to `rows` */
  step(rows: readonly RunningRow[]): Promise<Float32Array[]>
  close(): Promise<void>
}

export interface RunnerParts {
  readonly request: GenerateRequest
  readonly device: Device
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly cohorts: Cohorts
  readonly heads: ReadonlyMap<Origin, LanguageHead>
  readonly plan: GenerationPlan
}

/** Loads every distinct block of the trie and what runs rows through them. */
export function openRunner(parts: RunnerParts): Promise<RowRunner> {
  return openCpuRunner(parts)
}
