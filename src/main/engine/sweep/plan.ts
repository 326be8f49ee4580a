import type { DeviceName } from '../../../contract/model/device'
import type { EnginePlan, SweepRequest } from '../../../contract/procedures/engine'
import { elementAt } from '../../../contract/model/look-up'
import type { SweepEstimate } from '../../../contract/documents/sweep-plan'
import { sum } from '../../base/sums'
import { type BlockStep, type BlockWeights, decodeBlock } from '../weights/block-weights'
import type { Device } from '../device/device'
import { choosePrecision } from '../forward/choose-precision'
import { forward } from '../forward/forward'
import { nodesPerRun } from '../forward/nodes-per-run'
import { openRun } from '../forward/open-run'
import type { PairWeights } from '../weights/pair-weights'
import { WeightDecoder } from '../weights/weight-decoder'
import { buildAnswerTrie } from '../tries/answer-trie'
import { finalRows } from '../tries/prompt-trie'
import { countEdges, type RecipeTrie } from '../tries/recipe-trie'
import { countPartEdges } from '../tries/trie-parts'
import { physicalCores } from '../device/physical-cores'
import { buildSweptModels } from './sweep'
import { type GroupInParts, passWeightsOf } from './sweep-groups'
import { plannedCopies } from './copied-bytes'
import { countFlops, type Flops, type Grouping, projectionFlops, storedBytes } from './sweep-plan'
import type { SweptModels } from './sweep-memory'
import { plainStage, SweepSession } from './sweep-session'

/** Plans a sweep and estimates its time on this machine. @throws WorkbenchError as a sweep before it reads weights */
export async function planEngineSweep(request: SweepRequest, signal?: AbortSignal): Promise<EnginePlan> {
  const open = await openRun(request, request.models)
  try {
    const { pair, device } = open
    const precision = choosePrecision(device, pair, request.precision)
    const models = await buildSweptModels(pair, request, { ...device, precision })
    const tries = request.prompts.map(buildAnswerTrie)
    const { grouping, keptBytes, readers } =
      request.session === undefined
        ? plainStage(models, tries, request, device.name)
        : new SweepSession().planStage(models, tries, request, device.name)
    const groups = grouping.groups
    const work = sweepWork(models, groups)
    const speed = await trySpeed(device, precision, pair, grouping, signal)
    return {
      device: device.name,
      precision,
      memoryBytes: request.memoryBytes,
      peakBytes: grouping.peakBytes + keptBytes,
      deviceBytes: grouping.deviceBytes,
      memory: grouping.memory,
      copies: plannedCopies(models, grouping),
      groups: groups.map(({ indices, packed }) => ({
        promptCount: indices.length,
        packedTokens: packed.tokens.length
      })),
      modelCount: request.models.length,
      layerCount: pair.post.spec.layerCount,
      blockEvaluations: sum(groups.flatMap(({ parts }) => parts.map(countPartEdges))),
      packedTokens: sum(groups.map(({ packed }) => packed.tokens.length)),
      promptTokens: sum(request.prompts.map(({ tokens }) => tokens.length)),
      ...work,
      estimate: sweepTime(work, models, device.name, {
        ...speed,
        bytesPerSecond: speed.bytesPerSecond * (device.copiesTensors ? readers : 1)
      })
    }
  } finally {
    await open.close()
  }
}

/** A run that takes longer than this, in milliseconds, is not repeated. */
const LONG_RUN_MS = 250

/** The maximum number of timed runs, of which the median counts. */
const MAX_RUNS = 12

/** The number of runs on a GPU. The first run compiles and is timed by itself. */
const DEVICE_RUNS = 8
const LONG_FIRST_RUN_MS = 5000

const POST_BLOCK = { kind: 'recipe', attention: 0, mlp: 0 } as const

/**
 * Reads post's first layer, then base's into the same memory as a sweep does. Of a layer with experts, the shared part
 * and one expert are read.
 * @returns a function that supplies these weights for any layer, and the faster speed
 */
async function readFirstLayer(
  pair: PairWeights
): Promise<{ blocks: (step: BlockStep) => Promise<BlockWeights>; bytesPerSecond: number }> {
  const { spec } = pair.post
  const { experts } = elementAt(spec.layers, 0, 'layer')
  const decoder = new WeightDecoder(pair)
  const all: BlockWeights[] = []
  let bytesPerSecond = 0
  const recordSpeed = ({ bytesRead, readMs }: BlockWeights): void => {
    bytesPerSecond = Math.max(bytesPerSecond, (1000 * bytesRead) / readMs)
  }
  // The step without an expert is the shared part.
  for (const expert of experts === null ? [null] : [null, 0]) {
    const step = { layer: 0, expert, later: [] }
    const weights = await decodeBlock(decoder, spec, { ...step, source: POST_BLOCK })
    recordSpeed(weights)
    if (weights.readMs < LONG_RUN_MS)
      recordSpeed(
        await decodeBlock(decoder, spec, { ...step, source: { kind: 'stored', origin: 'base' } }, weights.tensors)
      )
    all.push(weights)
  }
  return {
    blocks: ({ expert }) => Promise.resolve(elementAt(all, expert === null ? 0 : 1, 'weights')),
    bytesPerSecond
  }
}

/** Reads one block and runs it a few times on as many rows as a run of the sweep has. */
async function trySpeed(
  device: Device,
  precision: EnginePlan['precision'],
  pair: PairWeights,
  { groups, rowBound }: Pick<Grouping, 'groups' | 'rowBound'>,
  signal: AbortSignal | undefined
): Promise<Speed> {
  const { experts } = elementAt(pair.post.spec.layers, 0, 'layer')
  const { blocks, bytesPerSecond } = await readFirstLayer(pair)
  const packed = groups[0]?.packed
  if (packed === undefined) return { flopsPerSecond: Infinity, bytesPerSecond }
  const { spec } = pair.post
  const finalCount = finalRows(packed).length
  const perRun = nodesPerRun(rowBound, packed.tokens.length, finalCount)
  const isLast = spec.layerCount === 1
  const nodesOfRun = isLast ? perRun.last : perRun.full
  // With experts, a row is done once it has been through the last of its experts, so the layer is timed as a whole.
  const runsOfLayer = device.keepsTensors ? DEVICE_RUNS : (device.copiesTensors ? 2 : MAX_RUNS) * nodesOfRun
  const nodes = experts === null ? runsOfLayer : nodesOfRun
  const trie: RecipeTrie = {
    roots: ['post'],
    levels: [
      { blocks: [POST_BLOCK], nodes: Array.from({ length: nodes }, () => ({ parent: 0, block: 0 })) },
      // Nodes without children are not computed, so this level gives each node a child.
      { blocks: [POST_BLOCK], nodes: Array.from({ length: nodes }, (_, parent) => ({ parent, block: 0 })) }
    ].slice(0, spec.layerCount),
    leafOf: [0],
    sourcesOf: [{ origin: 'post', blocks: [POST_BLOCK] }]
  }
  const rowsPerNode = isLast ? finalCount : packed.tokens.length
  const flopsPerRow = projectionFlops(spec, 0, packed.tokens.length, finalCount) / rowsPerNode
  const [maxRuns, longMs] =
    device.keepsTensors || device.copiesTensors ? [2, LONG_FIRST_RUN_MS] : [MAX_RUNS, LONG_RUN_MS]
  let startedMs = 0
  let spentMs = 0
  let rows = 0
  let speeds: readonly number[] = []
  for await (const event of forward({
    device,
    precision,
    pair,
    trie,
    packed,
    signal,
    blocks,
    nodesPerRun: perRun
  })) {
    if (event.type === 'rows') {
      const elapsedMs = performance.now() - startedMs
      spentMs += elapsedMs
      rows = experts === null ? event.rows : rows + event.rows
      const reached = (1000 * rows * flopsPerRow) / elapsedMs
      speeds = experts === null ? [...speeds, reached] : [reached]
      if (experts !== null && Math.round(rows) === nodes * rowsPerNode) break
      if (experts === null && (speeds.length === maxRuns || spentMs > longMs)) break
    }
    if (experts === null || startedMs === 0) startedMs = performance.now()
  }
  return { flopsPerSecond: medianSpeed(speeds), bytesPerSecond }
}

/** Returns the median speed. Of two runs this is the faster one, because the first prepares memory and code. */
function medianSpeed(speeds: readonly number[]): number {
  const ascending = [...speeds].sort((a, b) => a - b)
  return elementAt(ascending, Math.floor(speeds.length / 2), 'speed')
}

export interface Speed {
  /** Floating-point operations of projections per second, with all other work of a block included in the time. */
  readonly flopsPerSecond: number
  /** Stored bytes read and converted per second. */
  readonly bytesPerSecond: number
}

interface PlannedWork {
  readonly flops: Flops
  /** Logits from which baselines are computed. */
  readonly baselineLogits: number
  /** Stored bytes to read, once for each part of a group. */
  readonly readBytes: { readonly layers: number; readonly head: number }
}

export function sweepWork(
  { pair, trie, baselineCount }: SweptModels,
  groups: readonly Pick<GroupInParts, 'packed' | 'parts'>[]
): PlannedWork {
  const stored = groups.flatMap(({ parts, packed }) =>
    parts.map((part) => storedBytes(pair, passWeightsOf(trie, part), packed.tokens.length))
  )
  const flops = groups.flatMap(({ parts, packed }) => parts.map((part) => countFlops(pair.post.spec, part, packed)))
  return {
    flops: {
      projections: sum(flops.map(({ projections }) => projections)),
      head: sum(flops.map((group) => group.head))
    },
    baselineLogits:
      baselineCount * pair.post.spec.vocabularySize * sum(groups.map(({ packed }) => finalRows(packed).length)),
    readBytes: {
      layers: sum(stored.map(({ layers }) => layers)),
      head: sum(stored.map(({ head }) => head))
    }
  }
}

/** Time of a pass divided by the time of its blocks if they run alone, measured on pairs of 16 and 24 layers. */
const OVERHEAD_RATIO = 1.1

/** Seconds that every sweep takes, whatever its size: to open the pair, plan and create graphs. */
const FIXED_SECONDS = 0.2

/** Seconds that a baseline takes for each logit, measured with vocabularies of 2,048 and 151,936 tokens. */
const BASELINE_SECONDS = 7e-9

/** Estimates the time: for each layer the longer of computing and reading. On the CPU, reading occupies one core. */
export function sweepTime(
  { flops, readBytes, baselineLogits }: PlannedWork,
  { trie }: SweptModels,
  device: DeviceName,
  speed: Speed
): SweepEstimate {
  const edges = countEdges(trie)
  const blocks = sum(trie.levels.map((level) => level.blocks.length))
  const projectionSeconds = (OVERHEAD_RATIO * flops.projections) / speed.flopsPerSecond
  const layerReadSeconds = readBytes.layers / speed.bytesPerSecond
  const head = {
    compute: (OVERHEAD_RATIO * flops.head) / speed.flopsPerSecond + BASELINE_SECONDS * baselineLogits,
    read: readBytes.head / speed.bytesPerSecond
  }
  const readersShare = device === 'cpu' ? 1 / physicalCores() : 0
  const parallelSeconds = (compute: number, read: number): number => Math.max(read, compute + readersShare * read)
  const layers = trie.levels.map(({ nodes }) =>
    parallelSeconds((projectionSeconds * nodes.length) / edges, layerReadSeconds / trie.levels.length)
  )
  return {
    seconds: FIXED_SECONDS + layerReadSeconds / blocks + sum(layers) + parallelSeconds(head.compute, head.read),
    computeSeconds: projectionSeconds + head.compute,
    readSeconds: layerReadSeconds + head.read
  }
}
