import type { SinglesRequest } from './drawn-models'
import type { Device } from '../device/device'
import { embedTokens } from '../forward/embed-tokens'
import type { GenerationPlan } from './generation-plan'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import type { Prefilled } from './prefill'
import { type Origin, originOf, type RecipeTrie } from '../tries/recipe-trie'
import type { HiddenRows, ResidentHead } from './resident-head'
import { at } from '../../../contract/model/look-up'

/** A sequence being generated, as whoever runs it sees it. */
export interface RunningRow {
  readonly model: number
  /** Index into the request's prompts. */
  readonly prompt: number
  /** The answer so far; its last token is yet to be run. */
  readonly tokens: readonly number[]
  /** Of the last token. */
  readonly position: number
}

/**
 * Runs rows through resident blocks, at every layer those of all models that use the same block as one batch. What it
 * holds for them, hidden states, keys and values, lies where its device computes. Which rows run is not its business.
 */
export interface RowRunner {
  /** Takes rows on, after their prompts. */
  admit(rows: readonly RunningRow[], prefilled: Prefilled): Promise<void>
  /** Forgets rows that have ended. */
  dismiss(rows: readonly RunningRow[]): Promise<void>
  /** Runs the last token of all rows that are taken on. @returns what `finish` makes of each, parallel to `rows` */
  step<T>(rows: readonly RunningRow[], finish: Finish<T>): Promise<T[]>
  close(): Promise<void>
}

/**
 * Makes something of rows' states after the last layer, [rows, hidden], with their models' head: one result for each.
 *
 * @param indices of the rows among those of the step
 */
export type Finish<T> = (
  head: ResidentHead,
  hidden: HiddenRows,
  indices: readonly number[]
) => Promise<readonly T[]>

export interface RunnerParts {
  readonly request: SinglesRequest
  readonly device: Device
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly heads: ReadonlyMap<Origin, ResidentHead>
  readonly plan: GenerationPlan
}

/** Rows by whose embedding and head their models use, with their indices. */
function rowsByOrigin(
  { trie }: RunnerParts,
  rows: readonly RunningRow[]
): { origin: Origin; indices: number[] }[] {
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
    for (const [place, result] of (await finish(head, indices)).entries()) {
      results.set(at(indices, place, 'row'), result)
    }
  }
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result)
}

/** The newest token of a row that runs: there is one at least. */
export function lastToken({ tokens }: Pick<RunningRow, 'tokens'>): number {
  return at(tokens, tokens.length - 1, 'token')
}

/** Embeddings of the rows' last tokens, [rows.length + spareRows, hidden]; spare ones are zero. */
export async function embedRows(
  parts: RunnerParts,
  rows: readonly RunningRow[],
  spareRows = 0
): Promise<Float32Array> {
  const { pair } = parts
  const { hiddenSize } = pair.post.spec
  const states = new Float32Array((rows.length + spareRows) * hiddenSize)
  for (const { origin, indices } of rowsByOrigin(parts, rows)) {
    const embedded = await embedTokens(
      memberOf(pair, origin),
      indices.map((i) => lastToken(at(rows, i, 'row')))
    )
    indices.forEach((i, place) => {
      states.set(embedded.subarray(place * hiddenSize, (place + 1) * hiddenSize), i * hiddenSize)
    })
  }
  return states
}
