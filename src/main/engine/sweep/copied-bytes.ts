import { elementAt } from '../../../contract/model/look-up'
import type { DeviceCopies } from '../../../contract/documents/sweep-plan'
import { hasExperts } from '../../family'
import { finalNormSize } from '../../graphs/final-norm'
import { sum } from '../../base/sums'
import { headSize, headSlices } from '../forward/language-head'
import { nodesPerRun } from '../forward/nodes-per-run'
import { chunksOf, partSteps } from '../forward/part-steps'
import { type AttentionLayout, attentionLayout } from '../tries/attention-layout'
import { finalRows } from '../tries/prompt-trie'
import { originOf } from '../tries/recipe-trie'
import { stepSizes } from '../weights/block-weights'
import { memberOf } from '../weights/pair-weights'
import { logitRows } from './next-tokens'
import type { GroupingInParts, GroupInParts } from './sweep-groups'
import type { SweptModels } from './sweep-memory'

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT
const POSITION_BYTES = BigInt64Array.BYTES_PER_ELEMENT

/** Results of the head per row and slice of the vocabulary: maximum and sum of logits, and sum of exponentials. */
const SUMS_PER_ROW = 3

/**
 * Counts the runs of a sweep and the bytes copied to and from the device. Undefined without copies, or with experts.
 */
export function plannedCopies(models: SweptModels, { groups, rowBound }: GroupingInParts): DeviceCopies | undefined {
  if (!models.placement.copiesTensors || hasExperts(models.pair.post.spec)) return undefined
  const runs = groups.flatMap((group) => [...layerRuns(models, group, rowBound), ...headRuns(models, group)])
  return {
    runs: runs.length,
    toDevice: sum(runs.map(({ toDevice }) => toDevice)),
    fromDevice: sum(runs.map(({ fromDevice }) => fromDevice))
  }
}

type CopiedRun = Omit<DeviceCopies, 'runs'>

/** Yields the copied bytes of each run of a block, which is a layer of one or several models. */
function* layerRuns(
  { pair, trie }: SweptModels,
  { packed, parts }: GroupInParts,
  rowBound: number
): Generator<CopiedRun> {
  const { spec } = pair.post
  const rows = packed.tokens.length
  const ends = finalRows(packed)
  const perRun = nodesPerRun(rowBound, rows, ends.length)
  const longest = Math.max(...packed.paths.map((path) => path.length))
  // The layout of most layers, and that of the last, which computes only final rows further.
  const layouts = [attentionLayout(packed), attentionLayout(packed, ends)].map((layout) => ({
    outputRows: layout.outputRowCount,
    positions: rows + (layout.keptRows === null ? 0 : layout.keptRows.length),
    // Masks, and the cosines and sines of every position.
    tables: maskElements(layout) + longest * spec.rotarySize
  }))
  for (const { layer, nodes } of parts.flatMap((part) => partSteps(trie, part).flat())) {
    const isLast = layer === spec.layerCount - 1
    const { outputRows, positions, tables } = elementAt(layouts, isLast ? 1 : 0, 'layout')
    const { attends } = elementAt(spec.layers, layer, 'layer')
    const weights = sum(stepSizes(spec, { layer, expert: null }).map(({ count }) => count))
    for (const { length } of chunksOf(nodes, isLast ? perRun.last : perRun.full)) {
      const attentionBytes = attends ? POSITION_BYTES * length * positions + FLOAT_BYTES * tables : 0
      yield {
        toDevice: FLOAT_BYTES * (weights + length * rows * spec.rowSize) + attentionBytes,
        fromDevice: FLOAT_BYTES * length * outputRows * (isLast ? spec.finalRowSize : spec.rowSize)
      }
    }
  }
}

const maskElements = ({ segments }: AttentionLayout): number =>
  sum(segments.map(({ pathCount, queryLength, keyLength }) => pathCount * queryLength * keyLength))

/**
 * Yields the copied bytes of each run of the head: sums over slices of the vocabulary, and logits of requested tokens.
 */
function* headRuns({ pair, trie, trackedTokens }: SweptModels, { packed, parts }: GroupInParts): Generator<CopiedRun> {
  // Bytes are counted only for devices that copy tensors.
  const size = headSize(true)
  for (const { leaves } of parts) {
    for (const origin of trie.roots) {
      const ofOrigin = leaves.filter((leaf) => originOf(trie, trie.leafOf.indexOf(leaf)) === origin)
      const rowCount = ofOrigin.length * finalRows(packed).length
      const { spec } = memberOf(pair, origin)
      const runOf = (tokens: number, results: number) => (rows: number) => ({
        toDevice: FLOAT_BYTES * (rows * spec.finalRowSize + tokens * spec.hiddenSize + finalNormSize(spec)),
        fromDevice: FLOAT_BYTES * rows * results
      })
      const batches = pieces(rowCount, size.rows)
      for (const { count } of headSlices(spec, size)) yield* batches.map(runOf(count, SUMS_PER_ROW))
      const ofTokens = pieces(rowCount, logitRows(trackedTokens, size)).flatMap((part) => pieces(part, size.rows))
      yield* ofTokens.map(runOf(trackedTokens, trackedTokens))
    }
  }
}

/** Divides rows into pieces of at most `max`. */
const pieces = (rows: number, max: number): number[] =>
  Array.from({ length: Math.ceil(rows / max) }, (_, i) => Math.min(max, rows - i * max))
