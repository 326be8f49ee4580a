import type * as ort from 'onnxruntime-node'
import { componentStrengths } from '../../../contract/model/strengths'
import { elementAt } from '../../../contract/model/look-up'
import { hasSelectionScores, type Experts } from '../../family'
import { dropNow } from '../../base/drop-now'
import { blockKey, type BlockSource } from '../tries/recipe-trie'
import type { PartNode } from '../tries/trie-parts'
import type { BlockStep } from '../weights/block-weights'
import { floatsOf } from '../device/device'
import { rowAt } from '../rows/rows'
import type { LayerOutputs, Routed } from './layer-session'
import { largestValues } from '../rows/largest'

/**
 * The results of one run: nodes (hidden states of models) after the attention of a layer with experts, and how their
 * rows are routed. A row is the state of one token.
 */
export interface RoutedChunk extends ExpertRouting {
  readonly nodes: readonly PartNode[]
  /** States of the nodes, to which the results of experts are added, [nodes x rows, hidden]. */
  readonly hidden: Float32Array
  /** The states as the output of the run, [nodes, rows, hidden]. */
  readonly output: ort.Tensor
  readonly ending: Routed['ending']
  /** Inputs of the experts, [nodes x rows, hidden]. */
  readonly normed: Float32Array
  /** Number of experts that compute each row. */
  readonly perRow: number
}

/** The weights of one expert, and the batches of chunks with rows that the expert computes. */
export interface ExpertStep extends BlockStep {
  readonly expert: number
  readonly batches: readonly (readonly RoutedChunk[])[]
}

/**
 * Rows of one layer between attention and experts. They are collected first, so that each needed expert is read once.
 */
export class RoutedRows {
  private readonly chunks: { readonly source: BlockSource; readonly chunk: RoutedChunk }[] = []

  constructor(
    private readonly layer: number,
    private readonly width: number
  ) {}

  /** Adds nodes after attention. @param experts expert settings of the block's model */
  add(
    source: BlockSource,
    nodes: readonly PartNode[],
    experts: Experts,
    { hidden, routed }: Pick<LayerOutputs, 'hidden' | 'routed'>
  ): void {
    if (routed === null) throw new Error('a layer with experts did not route')
    const chunk = {
      nodes,
      output: hidden,
      hidden: floatsOf(hidden),
      ending: routed.ending,
      normed: floatsOf(routed.normed),
      perRow: experts.perRow,
      ...routeRows(floatsOf(routed.routing), experts)
    }
    this.chunks.push({ source, chunk })
  }

  /** Returns the steps, expert by expert, so that tensors that several blocks use are read once. */
  steps(): ExpertStep[] {
    const byWeights = new Map<string, { source: BlockSource; chunks: RoutedChunk[] }>()
    for (const { source, chunk } of this.chunks) {
      const key = expertKey(source)
      const entry = byWeights.get(key)
      if (entry === undefined) byWeights.set(key, { source, chunks: [chunk] })
      else entry.chunks.push(chunk)
    }
    const count = Math.max(...this.chunks.map(({ chunk }) => chunk.starts.length - 1))
    return Array.from({ length: count }, (_, expert) => {
      const used = [...byWeights.values()].flatMap(({ source, chunks }) => {
        const needed = chunks.filter((chunk) => rowsOf(chunk, expert).rows.length > 0)
        return needed.length === 0 ? [] : [{ source, batches: batchesOf(needed) }]
      })
      return used.map((step, i) => ({
        layer: this.layer,
        expert,
        ...step,
        later: used.slice(i + 1).map(({ source }) => source)
      }))
    }).flat()
  }

  /** Returns the chunks in the order of their addition, with their results. */
  finished(): RoutedChunk[] {
    return this.chunks.map(({ chunk }) => chunk)
  }

  /** Computes an expert for all rows that need it. Yields how many rows each run completes, in parts of `perRow`. */
  async *computeExpert(
    { expert, batches }: ExpertStep,
    maxRows: number,
    compute: (rows: Float32Array) => Promise<Float32Array>
  ): AsyncGenerator<number> {
    for (const batch of batches) {
      for (const expertRows of expertRowsOf(batch, expert, maxRows)) {
        const input = new Float32Array(expertRows.length * this.width)
        for (const [i, { chunk, row }] of expertRows.entries())
          input.set(rowAt(chunk.normed, row, this.width), i * this.width)
        const output = await compute(input)
        for (const [i, expertRow] of expertRows.entries()) this.addResult(expertRow, rowAt(output, i, this.width))
        yield expertRows.reduce((sum, { chunk }) => sum + 1 / chunk.perRow, 0)
      }
    }
  }

  /** Frees the inputs of experts. */
  close(): void {
    for (const { chunk } of this.chunks.splice(0)) dropNow(chunk.normed.buffer)
  }

  private addResult({ chunk, row, weight }: ExpertRow, result: Float32Array): void {
    const state = rowAt(chunk.hidden, row, this.width)
    // Indices are not checked, because every number of every row passes here.
    for (let i = 0; i < state.length; i++) state[i] = (state[i] ?? NaN) + weight * (result[i] ?? NaN)
  }
}

/** Returns a key that is equal for blocks whose experts have the same weights. */
function expertKey(source: BlockSource): string {
  if (source.kind !== 'recipe') return blockKey(source)
  const strengths = componentStrengths(source, 'mlp')
    .filter(({ component }) => component !== 'norms' && component !== 'router')
    .map(({ strength }) => strength)
  return [...strengths, source.from ?? 'base'].join('/')
}

/** A row that an expert computes, and the factor of the expert's output. */
interface ExpertRow {
  readonly chunk: RoutedChunk
  readonly row: number
  readonly weight: number
}

/** Yields the rows that an expert computes, at most `maxRows` at a time. */
function* expertRowsOf(batch: readonly RoutedChunk[], expert: number, maxRows: number): Generator<ExpertRow[]> {
  let expertRows: ExpertRow[] = []
  for (const chunk of batch) {
    const { rows, weights } = rowsOf(chunk, expert)
    for (const [i, row] of rows.entries()) {
      expertRows.push({ chunk, row, weight: elementAt(weights, i, 'weight') })
      if (expertRows.length < maxRows) continue
      yield expertRows
      expertRows = []
    }
  }
  if (expertRows.length > 0) yield expertRows
}

function rowsOf({ starts, rows, weights }: ExpertRouting, expert: number): Pick<ExpertRouting, 'rows' | 'weights'> {
  const [start, end] = [starts[expert], starts[expert + 1]]
  return { rows: rows.subarray(start, end), weights: weights.subarray(start, end) }
}

/** Divides chunks into batches: one for each chunk with `runsAlone`, and one for all others. */
function batchesOf(chunks: readonly RoutedChunk[]): RoutedChunk[][] {
  const mustRunAlone = ({ nodes }: RoutedChunk): boolean => nodes.some(({ runsAlone }) => runsAlone)
  const others = chunks.filter((chunk) => !mustRunAlone(chunk))
  return [...chunks.filter(mustRunAlone).map((chunk) => [chunk]), ...(others.length === 0 ? [] : [others])]
}

/** The rows of each expert: expert e computes `rows` from index `starts[e]` up to `starts[e + 1]`. */
interface ExpertRouting {
  readonly starts: Int32Array
  readonly rows: Int32Array
  /** Factor of the expert's output for each entry of `rows`. */
  readonly weights: Float32Array
}

/**
 * Routes each row to the experts with the highest scores.
 *
 * @param scores [rows, experts]. If other scores select the experts, [rows, 2 x experts] with those scores last
 */
export function routeRows(
  scores: Float32Array,
  experts: Pick<Experts, 'count' | 'perRow' | 'normed' | 'scale' | 'biased' | 'groups' | 'besideMlp'>
): ExpertRouting {
  const { count, perRow, normed, scale, besideMlp } = experts
  const width = hasSelectionScores(experts) ? 2 * count : count
  const rowCount = scores.length / width
  const selected = new Int32Array(rowCount * perRow)
  const starts = new Int32Array(count + 1)
  for (let row = 0; row < rowCount; row++) {
    const largest = largestValues(rowAt(scores, row, width).subarray(width - count), perRow)
    const rowExperts = largest.map(({ index }) => index)
    selected.set(rowExperts, row * perRow)
    for (const expert of rowExperts) starts[expert + 1] = elementAt(starts, expert + 1, 'expert') + 1
  }
  for (let expert = 0; expert < count; expert++)
    starts[expert + 1] = elementAt(starts, expert + 1, 'expert') + elementAt(starts, expert, 'expert')
  const next = starts.slice()
  const rows = new Int32Array(selected.length)
  const weights = new Float32Array(selected.length)
  for (let row = 0; row < rowCount; row++) {
    const ofRow = rowAt(scores, row, width)
    const summed = besideMlp ? ofRow.subarray(count) : ofRow
    const rowExperts = selected.subarray(row * perRow, (row + 1) * perRow)
    const sum = normed
      ? rowExperts.reduce((total, expert) => Math.fround(total + elementAt(summed, expert, 'expert')), 0)
      : 1
    for (const expert of rowExperts) {
      const index = elementAt(next, expert, 'expert')
      next[expert] = index + 1
      rows[index] = row
      weights[index] = (elementAt(ofRow, expert, 'expert') / sum) * scale
    }
  }
  return { starts, rows, weights }
}
