import type { Device } from '../device/device'
import { embedTokens } from '../forward/embed-tokens'
import type { GenerationPlan } from './generation-plan'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import type { Prefilled, PromptTokens } from './prefill'
import { type Origin, originOf, type RecipeTrie } from '../tries/recipe-trie'
import type { HiddenRows, ResidentHead } from './resident-head'
import { rowAt } from '../rows/rows'
import { elementAt } from '../../../contract/model/look-up'

/** The beginning of one or more answers, as one model computes it. */
export interface RunningRow {
  readonly model: number
  readonly prompt: PromptTokens
  /** The answers so far, whose last token has not been run. */
  readonly tokens: readonly number[]
  /** Position of the last token. */
  readonly position: number
}

/** A row that begins as another one did: up to the last token, their keys and values are equal. */
export interface RowCopy {
  readonly from: RunningRow
  readonly to: RunningRow
}

/** Runs rows through layers in memory. At every layer, rows of models whose weights are equal there are one batch. */
export interface RowRunner {
  /** Adds rows whose prompts have been prefilled. */
  admit(rows: readonly RunningRow[], prefilled: Prefilled): Promise<void>
  /** Removes rows and frees their slots. */
  dismiss(rows: readonly RunningRow[]): Promise<void>
  /** Adds rows as copies of running ones. Undefined where a copy costs as much as computing a row. */
  copy?(copies: readonly RowCopy[]): Promise<void>
  /**
   * Runs the last token of all admitted rows.
   *
   * @param rows may repeat a row, which then gets several results
   * @returns the result of `finish` for each row, in the order of `rows`
   */
  step<T>(rows: readonly RunningRow[], finish: Finish<T>): Promise<T[]>
  close(): Promise<void>
}

/** Computes one result for each row from its state after the last layer, [rows, hidden], with its model's head. */
export type Finish<T> = (head: ResidentHead, hidden: HiddenRows, indices: readonly number[]) => Promise<readonly T[]>

export interface RunnerParts {
  readonly device: Device
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly heads: ReadonlyMap<Origin, ResidentHead>
  readonly plan: Pick<GenerationPlan, 'precision' | 'weights' | 'maximumLength'>
}

/** Groups row indices by the origin of their models' embedding and head. */
function rowsByOrigin({ trie }: RunnerParts, rows: readonly RunningRow[]): { origin: Origin; indices: number[] }[] {
  return trie.roots.map((origin) => ({
    origin,
    indices: rows.flatMap(({ model }, i) => (originOf(trie, model) === origin ? [i] : []))
  }))
}

/** Lets every head finish its rows. @returns one result for each row, in their order */
export async function finishRows<T>(
  parts: RunnerParts,
  rows: readonly RunningRow[],
  finish: (head: ResidentHead, indices: readonly number[]) => Promise<readonly T[]>
): Promise<T[]> {
  const results = new Map<number, T>()
  for (const { origin, indices } of rowsByOrigin(parts, rows)) {
    const head = parts.heads.get(origin)
    if (head === undefined || indices.length === 0) continue
    for (const [i, result] of (await finish(head, indices)).entries()) {
      results.set(elementAt(indices, i, 'row'), result)
    }
  }
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result)
}

export function lastToken({ tokens }: Pick<RunningRow, 'tokens'>): number {
  return elementAt(tokens, tokens.length - 1, 'token')
}

/** Reads rows of the last tokens before the first layer, [rows.length + spareRows, rowSize]. Spare rows are zero. */
export async function embedRows(parts: RunnerParts, rows: readonly RunningRow[], spareRows = 0): Promise<Float32Array> {
  const { pair } = parts
  const { rowSize } = pair.post.spec
  const states = new Float32Array((rows.length + spareRows) * rowSize)
  for (const { origin, indices } of rowsByOrigin(parts, rows)) {
    const embedded = await embedTokens(
      parts.device,
      memberOf(pair, origin),
      indices.map((i) => lastToken(elementAt(rows, i, 'row')))
    )
    indices.forEach((row, i) => {
      states.set(rowAt(embedded, i, rowSize), row * rowSize)
    })
  }
  return states
}
