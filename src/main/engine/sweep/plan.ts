import type { DeviceName } from '../../../contract/model/device'
import type { EnginePlan, SweepRequest } from '../../../contract/procedures/engine'
import { type BlockStep, type BlockWeights, decodeBlock } from '../weights/block-weights'
import type { Device } from '../device/device'
import { at } from '../../../contract/model/look-up'
import { choosePrecision } from '../forward/choose-precision'
import { forward, nodesPerRun } from '../forward/forward'
import { openRun } from '../forward/open-run'
import type { PairWeights } from '../weights/pair-weights'
import { WeightDecoder } from '../weights/weight-decoder'
import { buildAnswerTrie } from '../tries/answer-trie'
import { finalRows } from '../tries/prompt-trie'
import type { RecipeTrie } from '../tries/recipe-trie'
import { countPartEdges } from '../tries/trie-parts'
import { sweptModels } from './sweep'
import { sweepGroups } from './kept-parts'
import { projectionFlops, type Grouping } from './sweep-plan'
import type { SweptModels } from './sweep-memory'
import { type StagePlan, SweepSession } from './sweep-session'
import { type Speed, sweepTime, sweepWork } from './sweep-time'
import { sum } from '../../base/sums'

/**
 * What a sweep would do and how long it would take here, without doing it: seconds, for a large model.
 *
 * @throws WorkbenchError as a sweep would before it reads weights
 */
export async function planSweep(request: SweepRequest, signal?: AbortSignal): Promise<EnginePlan> {
  const open = await openRun(request, request.models)
  try {
    const { pair, device } = open
    const precision = choosePrecision(device, pair, request.precision)
    const models = await sweptModels(pair, request, device.keepsTensors ? precision : null)
    const { grouping, keptBytes } = stageGroups(models, request, device.name)
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
      estimate: sweepTime(work, models, device.name, speed)
    }
  } finally {
    await open.close()
  }
}

/** The groups of a sweep, or of the first stage of a session. */
function stageGroups(
  models: SweptModels,
  request: SweepRequest,
  device: DeviceName
): Pick<StagePlan, 'grouping' | 'keptBytes'> {
  const tries = request.prompts.map(buildAnswerTrie)
  if (request.session !== undefined) return new SweepSession().groups(models, tries, request, device)
  return { grouping: sweepGroups(models, tries, request, device), keptBytes: 0 }
}

/** What comes first makes memory and code ready that what comes later finds; what takes longer than this need not be repeated. */
const LONG_RUN_MS = 250

/** At most so many runs are timed, of which the median counts. */
const MOST_RUNS = 12

/** On a device that keeps tensors: the first is done alone and compiles, which takes its time; the others come after it together. */
const DEVICE_RUNS = 8
const LONG_FIRST_RUN_MS = 5000

const POST_BLOCK = { kind: 'recipe', attention: 0, mlp: 0 } as const

/**
 * What every row of post's first layer goes through, and an expert, which stands for any of them. Base's are then read into the same memory,
 * as a sweep does: the speed is that of the faster.
 */
async function readFirstLayer(
  pair: PairWeights
): Promise<{ blocks: (step: BlockStep) => Promise<BlockWeights>; bytesPerSecond: number }> {
  const { spec } = pair.post
  const { experts } = at(spec.layers, 0, 'layer')
  const decoder = new WeightDecoder(pair)
  const all: BlockWeights[] = []
  let bytesPerSecond = 0
  const took = ({ bytesRead, readMs }: BlockWeights): void => {
    bytesPerSecond = Math.max(bytesPerSecond, (1000 * bytesRead) / readMs)
  }
  for (const expert of experts === null ? [null] : [null, 0]) {
    const step = { layer: 0, expert, later: [] }
    const weights = await decodeBlock(decoder, spec, { ...step, source: POST_BLOCK })
    took(weights)
    if (weights.readMs < LONG_RUN_MS)
      took(
        await decodeBlock(
          decoder,
          spec,
          { ...step, source: { kind: 'stored', origin: 'base' } },
          weights.tensors
        )
      )
    all.push(weights)
  }
  return {
    blocks: ({ expert }) => Promise.resolve(at(all, expert === null ? 0 : 1, 'weights')),
    bytesPerSecond
  }
}

/** Reads one block, and runs it a few times on as many rows as a run of the sweep has. */
async function trySpeed(
  device: Device,
  precision: EnginePlan['precision'],
  pair: PairWeights,
  { groups, rowBound }: Pick<Grouping, 'groups' | 'rowBound'>,
  signal: AbortSignal | undefined
): Promise<Speed> {
  const { experts } = at(pair.post.spec.layers, 0, 'layer')
  const { blocks, bytesPerSecond } = await readFirstLayer(pair)
  const packed = groups[0]?.packed
  if (packed === undefined) return { flopsPerSecond: Infinity, bytesPerSecond }
  const { spec } = pair.post
  const finalCount = finalRows(packed).length
  const perRun = nodesPerRun(rowBound, packed.tokens.length, finalCount)
  const isLast = spec.layerCount === 1
  const ofRun = isLast ? perRun.last : perRun.full
  // With experts rows are done when they have been through the last of theirs, so that the layer is timed as a whole.
  const nodes = experts !== null ? ofRun : device.keepsTensors ? DEVICE_RUNS : MOST_RUNS * ofRun
  const trie: RecipeTrie = {
    roots: ['post'],
    levels: [
      { blocks: [POST_BLOCK], nodes: Array.from({ length: nodes }, () => ({ parent: 0, block: 0 })) },
      // What nothing goes on from is not computed.
      { blocks: [POST_BLOCK], nodes: Array.from({ length: nodes }, (_, parent) => ({ parent, block: 0 })) }
    ].slice(0, spec.layerCount),
    leafOf: [0],
    madeOf: [{ origin: 'post', blocks: [POST_BLOCK] }]
  }
  const rowsPerNode = isLast ? finalCount : packed.tokens.length
  const flopsPerRow = projectionFlops(spec, 0, packed.tokens.length, finalCount) / rowsPerNode
  const [mostRuns, longMs] = device.keepsTensors ? [2, LONG_FIRST_RUN_MS] : [MOST_RUNS, LONG_RUN_MS]
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
      if (experts === null && (speeds.length === mostRuns || spentMs > longMs)) break
    }
    if (experts === null || startedMs === 0) startedMs = performance.now()
  }
  return { flopsPerSecond: medianSpeed(speeds), bytesPerSecond }
}

/** Of two the faster: the first makes ready what the second finds. */
function medianSpeed(speeds: readonly number[]): number {
  const ascending = [...speeds].sort((a, b) => a - b)
  return at(ascending, Math.floor(speeds.length / 2), 'speed')
}
