import { DEVICE_LABELS, type DeviceName, type Precision } from '../../../contract/model/device'
import type { SinglesRequest } from './drawn-models'
import type { HeldWeights } from '../../../contract/model/sampling'
import { WorkbenchError } from '../../../contract/model/problem'
import { type DecoderSpec, hasExperts } from '../../family'
import { cohortsOf } from '../tries/cohorts'
import { groupPrompts, type GroupSize, sizeOf } from '../tries/prompt-trie'
import type { RecipeTrie } from '../tries/recipe-trie'
import {
  type GeneratedModels,
  type GenerationMemory,
  peakOf,
  promptMemory,
  stepMemory,
  weightMemory
} from './generation-memory'
import { maxAliveStates } from '../tries/alive-states'
import { chooseHeldWeights, residentBytes } from './resident-blocks'
import { at } from '../../../contract/model/look-up'

/** What prompts that wait for their answers may hold in keys, values and logits, unless a single one takes more. */
const PROMPT_BYTES = 2 ** 29

/** Places a cache has at first and grows by: attention reads them all in every step, used or not. */
const CAPACITY_STEP = 64

/**
 * What WebGPU guarantees that a shader can address of one buffer. Operators read zeros beyond what a device allows, and say
 * nothing of it.
 */
const ADDRESSABLE_BYTES = 128 * 2 ** 20

/** On the CPU keys of one layer are kept to this: a process of Chromium's, in which an engine may run, ends at an array of 2 GiB. */
const ARRAY_BYTES = 2 ** 30

/** How a request is generated within its memory, decided before anything is read. */
export interface GenerationPlan {
  readonly precision: Precision
  readonly weights: HeldWeights
  /** As they are given to sessions: a step reads them once. */
  readonly weightBytes: number
  /** All that the process takes, at its largest. */
  readonly peakBytes: number
  readonly memory: GenerationMemory
  /** Of all running sequences at their longest. */
  readonly keyValueBytes: number
  /** Sequences of each model that run side by side. */
  readonly rowsPerModel: number
  /** Tokens of the longest sequence, prompt and answer. */
  readonly maximumLength: number
  /** Indices of the prompts that are prefilled together, in order. */
  readonly promptGroups: readonly (readonly number[])[]
}

/**
 * @throws WorkbenchError `bad-input` for a prompt that leaves no room for an answer, `out-of-memory` when nothing fits,
 *   saying what would
 */
export function planGeneration(
  request: SinglesRequest,
  spec: DecoderSpec,
  trie: RecipeTrie,
  precision: Precision
): GenerationPlan {
  if (request.device !== 'cpu') refuseExperts(spec, request.device)
  refuseLongPrompts(request.prompts, spec)
  const models: GeneratedModels = {
    spec,
    trie,
    modelCount: request.models.length,
    keepsTensors: request.device !== 'cpu',
    maxAliveStates: maxAliveStates(trie)
  }
  const sizes = rowSizes(request, models, precision)
  const { memoryBytes } = request
  const places = request.prompts.map((prompt) => [prompt])
  const longest = places.reduce((one, other) =>
    at(other, 0, 'place').length > at(one, 0, 'place').length ? other : one
  )
  const ofLongest = sizeOf([longest])
  const weights = chooseHeldWeights(
    (held) => peakOf(memoryWith(models, sizes, weightMemory(models, held), ofLongest, 1, places.length > 1)),
    memoryBytes,
    request.weights,
    precision
  )
  const held = weightMemory(models, weights)
  const memoryOf = (group: GroupSize, rows: number, isOneOfMany: boolean): GenerationMemory =>
    memoryWith(models, sizes, held, group, rows, isOneOfMany)
  const promptGroups = groupPrompts(places, (group) => {
    const memory = memoryOf(group, 1, true)
    return memory.prompts <= PROMPT_BYTES && peakOf(memory) <= memoryBytes
  })
  const groups = promptGroups.map((group) => sizeOf(group.map((prompt) => at(places, prompt, 'prompt'))))
  const largestWith = (rows: number): GenerationMemory =>
    groups
      .map((group) => memoryOf(group, rows, groups.length > 1))
      .reduce((one, other) => (peakOf(other) > peakOf(one) ? other : one))
  const rowsPerModel = mostThatFit(
    mostRows(request, models, sizes.maximumLength),
    (rows) => peakOf(largestWith(rows)) <= memoryBytes
  )
  const memory = largestWith(rowsPerModel)
  return {
    precision,
    weights,
    weightBytes: residentBytes(spec, trie, weights),
    keyValueBytes: memory.keyValues,
    peakBytes: peakOf(memory),
    memory,
    rowsPerModel,
    maximumLength: sizes.maximumLength,
    promptGroups
  }
}

/** What a row takes, whatever runs beside it. */
interface RowSizes {
  /** Tokens of the longest sequence, prompt and answer. */
  readonly maximumLength: number
  /** Keys and values of one sequence at its longest. */
  readonly rowBytes: number
  readonly capacity: number
  /** Keys and values of one row of packed prompts, for all models. */
  readonly promptRowBytes: number
}

function rowSizes(request: SinglesRequest, { spec, trie }: GeneratedModels, precision: Precision): RowSizes {
  const longestPrompt = Math.max(...request.prompts.map((prompt) => prompt.length))
  const maximumLength = Math.min(longestPrompt + request.maxTokens, spec.contextLength ?? Infinity)
  const capacity = cacheCapacity(maximumLength)
  const nodes = trie.levels.reduce((sum, level) => sum + level.nodes.length, 0)
  return {
    maximumLength,
    capacity,
    rowBytes: placeBytes(spec, precision) * capacity,
    promptRowBytes: (nodes / spec.layerCount) * placeBytes(spec, 'fp32')
  }
}

function memoryWith(
  models: GeneratedModels,
  { rowBytes, capacity, promptRowBytes }: RowSizes,
  held: ReturnType<typeof weightMemory>,
  group: GroupSize,
  rowsPerModel: number,
  isOneOfMany: boolean
): GenerationMemory {
  const rows = rowsPerModel * models.modelCount
  const keyValues = rows * rowBytes
  return {
    ...held,
    ...promptMemory(models, group, promptRowBytes),
    keyValues,
    earlierKeyValues: isOneOfMany ? keyValues : 0,
    step: stepMemory(models, rows, capacity)
  }
}

/** Sequences of each model that may run side by side where memory is no matter. */
function mostRows(
  { batchRows, prompts, sampleCount, device }: SinglesRequest,
  { spec, trie, modelCount }: GeneratedModels,
  length: number
): number {
  return Math.min(
    Math.ceil(batchRows / modelCount),
    prompts.length * sampleCount,
    device === 'cpu'
      ? Math.max(1, rowsWithin(ARRAY_BYTES, spec, trie, length))
      : addressableRows(spec, trie, length)
  )
}

/** The largest number up to `most` that fits, at least 1. @param fits false for all above one for which it is */
function mostThatFit(most: number, fits: (count: number) => boolean): number {
  let count = most
  while (count > 1 && !fits(count)) count--
  return count
}

/** Places of a cache that holds `length` tokens. */
export function cacheCapacity(length: number): number {
  return Math.ceil(length / CAPACITY_STEP) * CAPACITY_STEP
}

/** Bytes of one token's keys and values, all layers; held in float16, one layer's are copied to float32 when they are read. */
function placeBytes(spec: DecoderSpec, precision: Precision): number {
  const ofLayers = precision === 'fp16' ? 2 * spec.layerCount + 4 : 4 * spec.layerCount
  return 2 * spec.kvHeadCount * spec.headSize * ofLayers
}

function refuseExperts(spec: DecoderSpec, device: DeviceName): void {
  if (!hasExperts(spec)) return
  throw new WorkbenchError(
    'unsupported',
    `Answers of ${spec.family.label} models are not written on ${DEVICE_LABELS[device]}: experts that run only where a token chooses them ` +
      'are held for the CPU alone.',
    'Write them on the CPU (--device cpu). Sweeps, probes and checks of whole answers work on either.'
  )
}

function refuseLongPrompts(prompts: readonly (readonly number[])[], spec: DecoderSpec): void {
  const context = spec.contextLength ?? Infinity
  const tooLong = prompts.findIndex((prompt) => prompt.length >= context)
  if (tooLong === -1) return
  throw new WorkbenchError(
    'bad-input',
    `Prompt ${tooLong + 1} has ${prompts[tooLong]?.length} tokens; the context window of ${context} leaves no room for an answer.`,
    'Shorten the prompt.'
  )
}

/** Bytes that the keys of one sequence in each model take in one layer, in float32: held in float16 they are copied before they are read. */
function layerKeyBytes(spec: DecoderSpec, trie: RecipeTrie, length: number): number {
  const largestCohort = Math.max(...cohortsOf(trie).flatMap((ofLayer) => ofLayer.map(({ size }) => size)))
  const places = cacheCapacity(length) * spec.kvHeadCount * spec.headSize
  return places * Float32Array.BYTES_PER_ELEMENT * largestCohort
}

/** Sequences of each model whose keys in one layer are one tensor of at most so many bytes. */
function rowsWithin(bytes: number, spec: DecoderSpec, trie: RecipeTrie, length: number): number {
  return Math.floor(bytes / layerKeyBytes(spec, trie, length))
}

/**
 * Sequences of each model whose keys in one layer every WebGPU device can address as a whole.
 *
 * @throws WorkbenchError `out-of-memory` when there is none
 */
function addressableRows(spec: DecoderSpec, trie: RecipeTrie, length: number): number {
  const rows = rowsWithin(ADDRESSABLE_BYTES, spec, trie, length)
  if (rows >= 1) return rows
  throw new WorkbenchError(
    'out-of-memory',
    `The keys of one layer, for one sequence of ${length} tokens in each model, take ` +
      `${(layerKeyBytes(spec, trie, length) / 1e6).toFixed(0)} MB; WebGPU is sure to address ${(ADDRESSABLE_BYTES / 1e6).toFixed(0)} MB.`,
    'Ask for fewer tokens (--max-tokens), compare fewer models at a time, or use the CPU (--device cpu).'
  )
}
