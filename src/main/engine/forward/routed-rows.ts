import type * as ort from 'onnxruntime-node'
import { componentStrengths } from '../../../contract/model/strengths'
import type { BlockSource } from '../tries/recipe-trie'
import type { PartNode } from '../tries/trie-parts'
import type { BlockStep } from '../weights/block-weights'
import type { Experts } from '../../family'
import { floatsOf } from '../device/device'
import { at } from '../../../contract/model/look-up'
import { rowAt } from '../rows/rows'
import { dropNow } from '../../base/drop-now'
import type { LayerOutputs } from './layer-session'
import { type Routing, routeRows } from './routing'

/** Nodes that were advanced together, after the attention of a layer with experts. */
export interface RoutedChunk extends Routing {
  readonly nodes: readonly PartNode[]
  /** Their states, to which the results of experts are added, [nodes x rows, hidden]. */
  readonly hidden: Float32Array
  /** The same as the output of the run, [nodes, rows, hidden]. */
  readonly output: ort.Tensor
  /** What experts are given, as `hidden`. */
  readonly normed: Float32Array
  readonly perRow: number
}

/** The weights of one expert, and the rows that go through them: those of a batch together. */
export interface ExpertStep extends BlockStep {
  readonly expert: number
  readonly batches: readonly (readonly RoutedChunk[])[]
}

/**
 * Rows of one layer after attention, of all its blocks, on their way through experts. Each expert is read when all rows that
 * need it are known: once, and not at all where none does. Nodes that are computed alone go through experts alone too, see `PartNode`.
 */
export class RoutedRows {
  private readonly chunks: { readonly source: BlockSource; readonly chunk: RoutedChunk }[] = []

  constructor(
    private readonly layer: number,
    private readonly width: number
  ) {}

  /** @param experts of the block's model */
  add(
    source: BlockSource,
    nodes: readonly PartNode[],
    experts: Experts,
    { hidden, routed }: Pick<LayerOutputs, 'hidden' | 'routed'>
  ): void {
    if (routed === undefined) throw new Error('a layer with experts did not route')
    const chunk = {
      nodes,
      output: hidden,
      hidden: floatsOf(hidden),
      normed: floatsOf(routed.normed),
      perRow: experts.perRow,
      ...routeRows(floatsOf(routed.routing), experts)
    }
    this.chunks.push({ source, chunk })
  }

  /** What is to be read, expert by expert, so that what an expert of one block has in common with those of others is read once. */
  steps(): ExpertStep[] {
    const byWeights = new Map<string, { source: BlockSource; chunks: RoutedChunk[] }>()
    for (const { source, chunk } of this.chunks) {
      const key = expertKey(source)
      const known = byWeights.get(key)
      if (known === undefined) byWeights.set(key, { source, chunks: [chunk] })
      else known.chunks.push(chunk)
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

  /** Chunks in the order in which they came, with their results. */
  finished(): RoutedChunk[] {
    return this.chunks.map(({ chunk }) => chunk)
  }

  /**
   * Takes some of a batch's rows through an expert.
   *
   * @param most rows at once
   * @param compute [rows, hidden] to the same
   * @returns after each time, how many rows went how far: an expert is one of `perRow`
   */
  async *through(
    { expert, batches }: ExpertStep,
    most: number,
    compute: (rows: Float32Array) => Promise<Float32Array>
  ): AsyncGenerator<number> {
    for (const batch of batches) {
      for (const places of placesOf(batch, expert, most)) {
        const input = new Float32Array(places.length * this.width)
        for (const [i, { chunk, row }] of places.entries())
          input.set(rowAt(chunk.normed, row, this.width), i * this.width)
        const output = await compute(input)
        for (const [i, place] of places.entries()) this.addResult(place, rowAt(output, i, this.width))
        yield places.reduce((sum, { chunk }) => sum + 1 / chunk.perRow, 0)
      }
    }
  }

  /** Frees what experts were given. */
  close(): void {
    for (const { chunk } of this.chunks.splice(0)) dropNow(chunk.normed.buffer)
  }

  private addResult({ chunk, row, weight }: Place, result: Float32Array): void {
    const state = rowAt(chunk.hidden, row, this.width)
    // Unchecked: every number of every row comes through.
    for (let i = 0; i < state.length; i++) state[i] = (state[i] ?? NaN) + weight * (result[i] ?? NaN)
  }
}

/** A name that is equal for blocks whose experts have equal weights. */
function expertKey(source: BlockSource): string {
  if (source.kind === 'stored') return source.origin
  const strengths = componentStrengths(source, 'mlp')
    .filter(({ component }) => component !== 'norms' && component !== 'router')
    .map(({ strength }) => strength)
  return [...strengths, source.from ?? 'base'].join('/')
}

/** A row that goes through an expert. */
interface Place {
  readonly chunk: RoutedChunk
  readonly row: number
  readonly weight: number
}

/** The rows of a batch that go through an expert, at most so many at a time. */
function* placesOf(batch: readonly RoutedChunk[], expert: number, most: number): Generator<Place[]> {
  let places: Place[] = []
  for (const chunk of batch) {
    const { rows, weights } = rowsOf(chunk, expert)
    for (const [i, row] of rows.entries()) {
      places.push({ chunk, row, weight: at(weights, i, 'weight') })
      if (places.length < most) continue
      yield places
      places = []
    }
  }
  if (places.length > 0) yield places
}

function rowsOf({ starts, rows, weights }: Routing, expert: number): Pick<Routing, 'rows' | 'weights'> {
  const [start, end] = [starts[expert], starts[expert + 1]]
  return { rows: rows.subarray(start, end), weights: weights.subarray(start, end) }
}

/** Those that are alone, each; and all others. */
function batchesOf(chunks: readonly RoutedChunk[]): RoutedChunk[][] {
  const isAlone = ({ nodes }: RoutedChunk): boolean => nodes.some(({ alone }) => alone)
  const others = chunks.filter((chunk) => !isAlone(chunk))
  return [...chunks.filter(isAlone).map((chunk) => [chunk]), ...(others.length === 0 ? [] : [others])]
}
