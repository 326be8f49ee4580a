import { WorkbenchError } from '../../../contract/model/problem'
import type { PlannedMemory } from '../../../contract/documents/sweep-plan'
import { type DecoderSpec, expertTensors, type LayerTensorSpec, sharedTensors, wholeModelTensors } from '../../family'
import { blockReads } from '../weights/block-weights'
import { elementCount } from '../../checkpoint/dtype'
import type { TensorEntry } from '../../checkpoint/safetensors'
import { storedTensorBytes as fileBytes } from '../../checkpoint/scaled-weights'
import { rowsPerRun } from '../forward/forward'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import {
  finalRows,
  groupPrompts,
  packPrompts,
  type GroupSize,
  type PackedPrompts,
  type PromptPrefixes,
  sizeOf
} from '../tries/prompt-trie'
import type { BlockSource, Origin } from '../tries/recipe-trie'
import { deviceBytes, groupMemory, runLimit, totalBytes, type SweptModels } from './sweep-memory'
import type { TriePart } from '../tries/trie-parts'
import { originsOf, type WeightRead } from '../weights/weight-decoder'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { sum } from '../../base/sums'

/** Prompts in groups that are packed together, so that equal beginnings are computed once, and their memory. */
export interface Grouping {
  readonly groups: readonly { readonly indices: readonly number[]; readonly packed: PackedPrompts }[]
  /** Rows that go through a block at once. */
  readonly rowBound: number
  readonly memory: PlannedMemory
  readonly peakBytes: number
  /** The share of `peakBytes` in the device's own memory. */
  readonly deviceBytes: number
}

/** Minimum number of rows in a run. With fewer rows, matrix products would be slower. */
const MIN_ROWS = 256

/** Splits prompts into as few groups as fit. Smaller runs can save groups, below MIN_ROWS only as a last resort. */
export function groupWithin(models: SweptModels, prompts: readonly PromptPrefixes[], memoryBytes: number): Grouping {
  const { copiesTensors } = models.placement
  const usual = rowsPerRun(models.pair.post.spec, copiesTensors)
  const halvings = copiesTensors ? Math.log2(usual / MIN_ROWS) : 2
  const bounds = Array.from({ length: halvings + 1 }, (_, i) => usual / 2 ** i).filter((bound) => bound >= MIN_ROWS)
  let fewest: Grouping | null = null
  for (const rowBound of bounds) {
    const grouping = groupingWith(models, prompts, memoryBytes, rowBound)
    if (grouping !== null && grouping.groups.length < (fewest?.groups.length ?? Infinity)) fewest = grouping
    if (fewest?.groups.length === 1) break
  }
  const grouping = fewest ?? groupingWith(models, prompts, memoryBytes, 1)
  if (grouping !== null) return grouping
  const smallest = smallestMemory(models, prompts)
  throw new WorkbenchError(
    'out-of-memory',
    `This sweep needs at least ${mebibytes(smallest)} of memory; ${mebibytes(memoryBytes)} are allowed.`,
    `Allow ${mebibytes(smallest)} or more (--memory), or shorten the longest prompt.`
  )
}

/** Returns the smallest memory budget that works. It suffices for the largest prompt and one node at a time. */
export function smallestMemory(models: SweptModels, prompts: readonly PromptPrefixes[]): number {
  return Math.max(...prompts.map((prompt) => totalBytes(groupMemory(models, sizeOf([prompt]), 1))))
}

/** Splits prompts into the fewest groups with this row bound; null if a prompt does not fit in a group of its own. */
function groupingWith(
  models: SweptModels,
  prompts: readonly PromptPrefixes[],
  memoryBytes: number,
  rowBound: number
): Grouping | null {
  // A run of one node is tried on any device.
  const maxBytes = rowBound === 1 ? Infinity : runLimit(models)
  const fits = (size: GroupSize): boolean =>
    totalBytes(groupMemory(models, size, rowBound)) <= memoryBytes && deviceBytes(models, size, rowBound) <= maxBytes
  const grouping = groupingOf(models, prompts, groupPrompts(prompts, fits), rowBound)
  return grouping.peakBytes > memoryBytes || grouping.deviceBytes > maxBytes ? null : grouping
}

/** Packs prompts by a given split, and estimates their memory. @param split indices of the prompts of each group */
export function groupingOf(
  models: SweptModels,
  prompts: readonly PromptPrefixes[],
  split: readonly (readonly number[])[],
  rowBound: number
): Grouping {
  const groups = split.map((indices) => ({
    indices,
    packed: packPrompts(indices.flatMap((index) => elementAt(prompts, index, 'prompt')))
  }))
  const largest = groups
    .map(({ indices }) => {
      const size = sizeOf(indices.map((index) => elementAt(prompts, index, 'prompt')))
      return { size, memory: groupMemory(models, size, rowBound) }
    })
    .reduce((max, group) => (totalBytes(group.memory) > totalBytes(max.memory) ? group : max))
  const { memory, size } = largest
  return {
    groups,
    rowBound,
    memory,
    peakBytes: totalBytes(memory),
    deviceBytes: deviceBytes(models, size, rowBound)
  }
}

export interface Flops {
  readonly projections: number
  readonly head: number
}

/** Counts 2 x parameters x rows for each projection. The last layer computes only rows that predict an answer. */
export function countFlops(spec: DecoderSpec, { levels, leaves }: TriePart, packed: PackedPrompts): Flops {
  const finalCount = finalRows(packed).length
  const projections = levels.reduce(
    (sum, nodes, layer) => sum + nodes.length * projectionFlops(spec, layer, packed.tokens.length, finalCount),
    0
  )
  return { projections, head: headFlops(spec, finalCount * leaves.length) }
}

export function headFlops({ hiddenSize, vocabularySize }: DecoderSpec, rows: number): number {
  return 2 * hiddenSize * vocabularySize * rows
}

/** Operations of products that take about as long, on two cores, as a baseline takes for one logit. */
const FLOPS_OF_BASELINE = 2000

/** Returns the work of baselines, in operations: the heads of post and base, and what follows from their logits. */
export function baselineFlops(spec: DecoderSpec, rows: number, baselineCount: number): number {
  if (baselineCount === 0) return 0
  return headFlops(spec, 2 * rows) + FLOPS_OF_BASELINE * baselineCount * spec.vocabularySize * rows
}

/** Counts the operations of one node in one layer, in which a row goes through some of the experts. */
export function projectionFlops(spec: DecoderSpec, layer: number, rowCount: number, finalCount: number): number {
  const { experts } = elementAt(spec.layers, layer, 'layer')
  const flops = (tensors: readonly LayerTensorSpec[]): number =>
    tensors
      .filter(({ role, shape }) => shape.length === 2 && !role.endsWith('Norm'))
      .reduce((sum, { role, shape: [rows = 0, columns = 0] }) => {
        const everyRow = layer < spec.layerCount - 1 || role === 'k' || role === 'v' || role === 'qkv'
        return sum + 2 * rows * columns * (everyRow ? rowCount : finalCount)
      }, 0)
  const ofExperts = experts === null ? 0 : experts.perRow * flops(expertTensors(spec, layer, 0))
  return flops(sharedTensors(spec, layer)) + ofExperts
}

/** Returns the stored bytes of a read, which may be one expert's part of a tensor. */
function readBytes(entry: TensorEntry, { count }: WeightRead): number {
  return (fileBytes(entry) * count) / elementCount(entry.shape)
}

/** The weights that a pass over layers and heads reads: the blocks of each layer, and the origins of heads. */
export interface PassWeights {
  readonly levels: readonly {
    readonly blocks: readonly BlockSource[]
    readonly nodes: { readonly length: number }
  }[]
  readonly roots: readonly Origin[]
}

/**
 * Returns the maximum bytes that one pass over layers and heads reads, and that readers keep for later blocks.
 * @param rows packed rows, which decide how many experts are read
 */
export function storedBytes(
  pair: PairWeights,
  { levels, roots }: PassWeights,
  rows: number
): { layers: number; head: number; kept: number } {
  const entryOf = (origin: Origin, name: string): TensorEntry =>
    mapGet(memberOf(pair, origin).checkpoint.tensors, name, 'tensor')
  const stepBytes = (blocks: readonly BlockSource[], layer: number, expert: number | null) => {
    const keptSizes = new Map<string, number>()
    const readSizes = new Map<string, number>()
    for (const [block, source] of blocks.entries()) {
      const step = { layer, expert, source, later: blocks.slice(block + 1) }
      for (const read of blockReads(pair.post.spec, step)) {
        for (const origin of originsOf(read.source))
          readSizes.set(`${origin}/${read.name}/${read.first}`, readBytes(entryOf(origin, read.name), read))
        for (const origin of read.keep) keptSizes.set(`${origin}/${read.name}`, entryOf(origin, read.name).byteLength)
      }
    }
    return { read: sum([...readSizes.values()]), kept: sum([...keptSizes.values()]) }
  }
  const ofLayers = levels.map(({ blocks, nodes }, layer) => {
    const shared = stepBytes(blocks, layer, null)
    const { experts } = elementAt(pair.post.spec.layers, layer, 'layer')
    if (experts === null) return { layers: shared.read, kept: shared.kept }
    // All experts have one shape, though files may store them in different types.
    const each = Array.from({ length: experts.count }, (_, expert) => stepBytes(blocks, layer, expert))
    const needed = Math.min(1, (experts.perRow * rows * nodes.length) / experts.count)
    return {
      layers: shared.read + needed * sum(each.map(({ read }) => read)),
      kept: Math.max(shared.kept, ...each.map(({ kept }) => kept))
    }
  })
  const heads = roots.map((origin) =>
    fileBytes(entryOf(origin, wholeModelTensors(memberOf(pair, origin).spec).head.name))
  )
  return {
    layers: sum(ofLayers.map(({ layers }) => layers)),
    head: sum(heads),
    kept: Math.max(...ofLayers.map(({ kept }) => kept))
  }
}

/** Returns the rows that a part passes through blocks, and the head's work expressed as rows of a layer. */
export function progressRows(
  spec: DecoderSpec,
  { levels, leaves }: TriePart,
  packed: PackedPrompts
): { layers: number; head: number } {
  const finalCount = finalRows(packed).length
  const layers = levels.reduce(
    (sum, nodes, layer) => sum + nodes.length * (layer === levels.length - 1 ? finalCount : packed.tokens.length),
    0
  )
  return {
    layers,
    head: headFlops(spec, finalCount * leaves.length) / projectionFlops(spec, 0, 1, 1)
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`
}
