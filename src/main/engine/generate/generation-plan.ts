import { DEVICE_LABELS, type DeviceName, type Precision } from '../../../contract/model/device'
import type { ServedModels, ServedPlan } from '../../../contract/procedures/served-models'
import type { SinglesRequest } from './drawn-models'
import type { WeightStorage } from '../../../contract/model/sampling'
import { inputError, unsupportedError, WorkbenchError } from '../../../contract/model/problem'
import { anyRecurrence, cachedParts, type DecoderSpec, hasExperts, stateSize } from '../../family'
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
import { chooseWeightStorage, residentBytes } from './resident-blocks'
import { elementAt } from '../../../contract/model/look-up'
import { plural } from '../../../contract/words/format'

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/** The maximum bytes of keys, values and logits of prompts that wait, unless one prompt takes more. */
const PROMPT_BYTES = 2 ** 29

/** The initial capacity of a cache in tokens, by which it also grows. Attention on the CPU reads free places too. */
const CAPACITY_STEP = 16

/** The same for a cache in a device's memory, where each growth takes runs of its own. */
const DEVICE_CAPACITY_STEP = 64

/** The bytes of one buffer that every WebGPU shader can address. Beyond it operators read zeros without an error. */
const ADDRESSABLE_BYTES = 128 * 2 ** 20

/** The maximum bytes of one layer's keys on the CPU: arrays in a process of Chromium are limited to 2 GiB. */
const ARRAY_BYTES = 2 ** 30

/** The plan that keeps a request within its memory, decided before anything is read. */
export interface GenerationPlan {
  readonly precision: Precision
  readonly weights: WeightStorage
  readonly weightBytes: number
  readonly peakBytes: number
  readonly memory: GenerationMemory
  readonly keyValueBytes: number
  /** Answers of each model that are generated at a time. */
  readonly rowsPerModel: number
  /** Tokens of the longest sequence of prompt and answer. */
  readonly maximumLength: number
  /** Indices of prompts whose answers are generated together, group after group. */
  readonly promptGroups: readonly (readonly number[])[]
}

/** Plans a generation. @throws WorkbenchError `bad-input` for a long prompt; `out-of-memory` with the memory needed */
export function planGeneration(
  request: SinglesRequest,
  spec: DecoderSpec,
  trie: RecipeTrie,
  precision: Precision
): GenerationPlan {
  if (request.device !== 'cpu') refuseOffCpu(spec, request.device)
  refuseLongPrompts(request.prompts, spec)
  const models: GeneratedModels = {
    ...{ spec, trie, maxAliveStates: maxAliveStates(trie) },
    modelCount: request.models.length,
    keepsTensors: request.device !== 'cpu'
  }
  const longestPrompt = Math.max(...request.prompts.map((prompt) => prompt.length))
  const maximumLength = Math.min(longestPrompt + request.maxTokens, spec.contextLength ?? Infinity)
  const sizes = rowSizes(maximumLength, models, precision)
  const { memoryBytes } = request
  // Each prompt has one prefix: itself.
  const prefixes = request.prompts.map((prompt) => [prompt])
  const longestSize = sizeOf(prefixes.filter(([prompt]) => prompt?.length === longestPrompt).slice(0, 1))
  const longestAlone = { group: longestSize, rows: 1, isOneOfMany: prefixes.length > 1 }
  const memoryOf = (running: RunningGroup, ofWeights = weightSizes): GenerationMemory =>
    memoryWith(models, sizes, ofWeights, { ...running, rows: running.rows * models.modelCount })
  const weights = chooseWeightStorage(
    (storage) => peakOf(memoryOf(longestAlone, weightMemory(models, storage))),
    memoryBytes,
    request.weights,
    precision
  )
  const weightSizes = weightMemory(models, weights)
  const promptGroups = groupPrompts(prefixes, (group) => {
    const memory = memoryOf({ group, rows: 1, isOneOfMany: true })
    return memory.prompts <= PROMPT_BYTES && peakOf(memory) <= memoryBytes
  })
  const groups = promptGroups.map((group) => sizeOf(group.map((prompt) => elementAt(prefixes, prompt, 'prompt'))))
  const largestWith = (rows: number): GenerationMemory =>
    groups
      .map((group) => memoryOf({ group, rows, isOneOfMany: groups.length > 1 }))
      .reduce((largest, other) => (peakOf(other) > peakOf(largest) ? other : largest))
  const rowsPerModel = maxThatFits(
    maxRows(request, models, sizes.maximumLength),
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

/** The context that is served if a model names none. */
const DEFAULT_CONTEXT = 4096

/** The shortest context that is served, unless the model's own is shorter. */
const MIN_CONTEXT = 256

/** The share of the memory beside weights that a prompt of the longest length may take. */
const PROMPT_SHARE = 0.5

/** The plan that keeps served models within their memory. */
export interface ServingPlan extends ServedPlan {
  /** Maximum number of sequences side by side, over all models. */
  readonly rows: number
}

/** Plans models that stay in memory. The longest sequence is a half, quarter and so on of the context that fits. */
export function planServing(
  request: Pick<ServedModels, 'device' | 'weights' | 'memoryBytes' | 'batchRows'>,
  spec: DecoderSpec,
  trie: RecipeTrie,
  precision: Precision
): ServingPlan {
  const { device, memoryBytes, batchRows: rows } = request
  if (device !== 'cpu') refuseOffCpu(spec, device)
  const keepsTensors = device !== 'cpu'
  const models = { spec, trie, modelCount: 1, keepsTensors, maxAliveStates: maxAliveStates(trie) }
  const fixedBytes = (storage: WeightStorage, length: number): number =>
    bytesBesideRows(models, weightMemory(models, storage), rowSizes(length, models, precision), rows)
  const rowBytes = (length: number): number => rowSizes(length, models, precision).rowBytes
  const context = spec.contextLength ?? DEFAULT_CONTEXT
  const shortest = Math.min(context, MIN_CONTEXT)
  const weights = chooseWeightStorage(
    (storage) => fixedBytes(storage, shortest) + rowBytes(shortest),
    memoryBytes,
    request.weights,
    precision
  )
  const resident = weightMemory(models, weights)
  const free = memoryBytes - resident.process - resident.weights
  const fits = (length: number): boolean => {
    const promptBytes = fixedBytes(weights, length) - resident.process - resident.weights
    return promptBytes <= PROMPT_SHARE * free && promptBytes + rowBytes(length) <= free
  }
  let maximumLength = context
  while (maximumLength > shortest && !fits(maximumLength)) maximumLength = Math.max(shortest, maximumLength >> 1)
  const cacheBytes = memoryBytes - fixedBytes(weights, maximumLength) - rows * sequenceBytes(spec)
  const layerBytes = FLOAT_BYTES * spec.kvHeadCount * Math.max(spec.headSize, spec.valueSize)
  const inOneTensor = (keepsTensors ? ADDRESSABLE_BYTES : ARRAY_BYTES) / layerBytes
  return {
    precision,
    weights,
    weightBytes: residentBytes(spec, trie, weights),
    maximumLength,
    cacheTokens: Math.floor(Math.min(cacheBytes / tokenBytes(spec, precision), inOneTensor)),
    rows
  }
}

/** Returns the maximum bytes at a time, apart from keys and values of running rows. */
function bytesBesideRows(
  models: GeneratedModels,
  weightSizes: ReturnType<typeof weightMemory>,
  sizes: RowSizes,
  rows: number
): number {
  const { maximumLength: length } = sizes
  const group = { rows: length, prefixCount: rows, leaves: rows, furthest: 0, prompts: rows, longest: length }
  const memory = memoryWith(models, sizes, weightSizes, { group, rows, isOneOfMany: true })
  return peakOf({ ...memory, keyValues: 0, earlierKeyValues: 0 })
}

/** Sizes of sequences of the maximum length. A row is one sequence in one model. */
interface RowSizes {
  readonly maximumLength: number
  /** Bytes of the keys and values of one row, or of its states. */
  readonly rowBytes: number
  readonly capacity: number
  /** Bytes of the keys and values of one row of packed prompts, for all models. */
  readonly promptRowBytes: number
  /** Bytes of the states after one prompt, for all models. */
  readonly promptBytes: number
}

function rowSizes(
  maximumLength: number,
  { spec, trie, keepsTensors }: GeneratedModels,
  precision: Precision
): RowSizes {
  const capacity = cacheCapacity(maximumLength, keepsTensors)
  const nodes = trie.levels.reduce((sum, level) => sum + level.nodes.length, 0)
  return {
    maximumLength,
    capacity,
    rowBytes: tokenBytes(spec, precision) * capacity + sequenceBytes(spec),
    promptRowBytes: (nodes / spec.layerCount) * promptTokenBytes(spec),
    promptBytes: (nodes / spec.layerCount) * sequenceBytes(spec)
  }
}

/** A group of prompts while its answers are generated. */
interface RunningGroup {
  readonly group: GroupSize
  readonly rows: number
  /** True if keys and values of an earlier group may still be in memory. */
  readonly isOneOfMany: boolean
}

function memoryWith(
  models: GeneratedModels,
  { rowBytes, capacity, promptRowBytes, promptBytes }: RowSizes,
  weightSizes: ReturnType<typeof weightMemory>,
  { group, rows, isOneOfMany }: RunningGroup
): GenerationMemory {
  const keyValues = rows * rowBytes
  return {
    ...weightSizes,
    ...promptMemory(models, group, group.rows * promptRowBytes + group.prefixCount * promptBytes),
    keyValues,
    earlierKeyValues: isOneOfMany ? keyValues : 0,
    step: stepMemory(models, rows, capacity)
  }
}

/** Returns the maximum sequences of each model, without regard to the memory limit. */
function maxRows({ batchRows, prompts, sampleCount }: SinglesRequest, models: GeneratedModels, length: number): number {
  const ofTensor = models.keepsTensors
    ? addressableRows(models, length)
    : Math.max(1, Math.floor(ARRAY_BYTES / layerKeyBytes(models, length)))
  return Math.min(Math.ceil(batchRows / models.modelCount), prompts.length * sampleCount, ofTensor)
}

/** Returns the largest number up to `max` that fits, at least 1. */
function maxThatFits(max: number, fits: (count: number) => boolean): number {
  let count = max
  while (count > 1 && !fits(count)) count--
  return count
}

/** Returns the positions of a cache for sequences of a length. */
export function cacheCapacity(length: number, keepsTensors: boolean): number {
  const step = keepsTensors ? DEVICE_CAPACITY_STEP : CAPACITY_STEP
  return Math.ceil(length / step) * step
}

/** Returns the bytes of one token's keys and values. Reading float16 caches copies one layer's to float32. */
function tokenBytes(spec: DecoderSpec, precision: Precision): number {
  const sizes = spec.layers.flatMap(({ attends }, layer) =>
    attends
      ? cachedParts(spec, layer)
          .slice(0, 1)
          .map(({ key, value }) => key + value)
      : []
  )
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return precision === 'fp16' ? 2 * total + 4 * Math.max(0, ...sizes) : 4 * total
}

/** Returns the bytes of the states of one sequence in all recurrent layers, whatever its length. */
function sequenceBytes(spec: DecoderSpec): number {
  return spec.layers.reduce(
    (sum, { recurrent }) =>
      recurrent === null
        ? sum
        : sum + FLOAT_BYTES * (stateSize(recurrent) + (recurrent.kernel - 1) * recurrent.channels),
    0
  )
}

/** Returns the bytes that one packed row of a prompt takes for generation in all layers. */
function promptTokenBytes(spec: DecoderSpec): number {
  const inputs = spec.layers.reduce((sum, { recurrent }) => (recurrent === null ? sum : sum + recurrent.channels), 0)
  return tokenBytes(spec, 'fp32') + FLOAT_BYTES * inputs
}

function refuseOffCpu(spec: DecoderSpec, device: DeviceName): void {
  const reasons = [
    { isMet: hasExperts(spec), reason: 'Experts that run only for the tokens that select them' },
    { isMet: anyRecurrence(spec) !== null, reason: 'Layers with a state' },
    { isMet: !spec.layers.every(({ attends }) => attends), reason: 'Layers without attention' },
    { isMet: spec.latent !== null, reason: 'Heads whose keys and values have different sizes' },
    { isMet: spec.family.variedLayers, reason: 'Layers of different sizes' }
  ]
  const reason = reasons.find(({ isMet }) => isMet)?.reason
  if (reason === undefined) return
  throw unsupportedError(
    `Answers of ${spec.family.label} models cannot be generated on ${DEVICE_LABELS[device]}. ` +
      `${reason} are supported on the CPU only.`,
    'Generate them on the CPU (--device cpu). Sweeps, probes and full-answer checks work on both.'
  )
}

function refuseLongPrompts(prompts: readonly (readonly number[])[], spec: DecoderSpec): void {
  const context = spec.contextLength ?? Infinity
  const tooLong = prompts.findIndex((prompt) => prompt.length >= context)
  if (tooLong === -1) return
  throw inputError(
    `Prompt ${tooLong + 1} has ${plural(elementAt(prompts, tooLong, 'prompt').length, 'token')}. ` +
      `The context window of ${plural(context, 'token')} leaves no room for an answer.`,
    'Shorten the prompt.'
  )
}

/** Returns the bytes of one layer's keys in float32, for one sequence in each model. */
function layerKeyBytes({ spec, trie, keepsTensors }: GeneratedModels, length: number): number {
  const largestCohort = Math.max(...cohortsOf(trie).flatMap((ofLayer) => ofLayer.map(({ size }) => size)))
  const values = cacheCapacity(length, keepsTensors) * spec.kvHeadCount * Math.max(spec.headSize, spec.valueSize)
  return values * FLOAT_BYTES * largestCohort
}

/** Returns the number of sequences of each model whose keys in one layer every WebGPU device can address. */
function addressableRows(models: GeneratedModels, length: number): number {
  const keyBytes = layerKeyBytes(models, length)
  const rows = Math.floor(ADDRESSABLE_BYTES / keyBytes)
  if (rows >= 1) return rows
  throw new WorkbenchError(
    'out-of-memory',
    `The keys of one layer, for one sequence of ${plural(length, 'token')} in each model, take ` +
      `${(keyBytes / 1e6).toFixed(0)} MB. WebGPU guarantees only ${(ADDRESSABLE_BYTES / 1e6).toFixed(0)} MB.`,
    'Generate fewer tokens (--max-tokens), compare fewer models at a time, or use the CPU (--device cpu).'
  )
}
