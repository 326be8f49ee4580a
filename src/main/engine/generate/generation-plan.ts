import { DEVICE_LABELS, type DeviceName, type Precision } from '../../../contract/model/device'
import type { SinglesRequest } from './drawn-models'
import type { HeldWeights } from '../../../contract/model/sampling'
import { WorkbenchError } from '../../../contract/model/problem'
import { type DecoderSpec, hasExperts } from '../../family'
import { cohortsOf } from '../tries/cohorts'
import { groupPrompts } from '../tries/prompt-trie'
import type { RecipeTrie } from '../tries/recipe-trie'
import { chooseHeldWeights, residentBytes } from './resident-blocks'

/** What prompts that wait for their answers may hold in keys and values, and as much again in logits. */
const PROMPT_BYTES = 256 * 2 ** 20

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
  readonly weightBytes: number
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
  const modelCount = request.models.length
  const weights = chooseHeldWeights(spec, trie, request.memoryBytes, request.weights, precision)
  const weightBytes = residentBytes(spec, trie, weights)
  const longestPrompt = Math.max(...request.prompts.map((prompt) => prompt.length))
  const maximumLength = Math.min(longestPrompt + request.maxTokens, spec.contextLength ?? Infinity)
  const rowBytes = placeBytes(spec, precision) * cacheCapacity(maximumLength)
  const rowsPerModel = Math.min(
    fittingRows(request, rowBytes, request.memoryBytes - weightBytes),
    request.device === 'cpu'
      ? Math.max(1, rowsWithin(ARRAY_BYTES, spec, trie, maximumLength))
      : addressableRows(spec, trie, maximumLength)
  )

  const trieNodes = trie.levels.reduce((sum, level) => sum + level.nodes.length, 0)
  const promptRowBytes = (trieNodes / spec.layerCount) * placeBytes(spec, 'fp32')
  const promptLogitBytes = modelCount * spec.vocabularySize * Float32Array.BYTES_PER_ELEMENT
  return {
    precision,
    weights,
    weightBytes,
    keyValueBytes: rowBytes * rowsPerModel * modelCount,
    rowsPerModel,
    maximumLength,
    promptGroups: groupPrompts(
      request.prompts.map((prompt) => [prompt]),
      ({ rows, places }) => rows * promptRowBytes <= PROMPT_BYTES && places * promptLogitBytes <= PROMPT_BYTES
    )
  }
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
    'Ask for fewer tokens, compare fewer models at a time, or use the CPU.'
  )
}

/** Sequences of each model that run side by side, as many as asked and as fit. */
function fittingRows(request: SinglesRequest, rowBytes: number, freeBytes: number): number {
  const modelCount = request.models.length
  const fitting = Math.floor(freeBytes / (rowBytes * modelCount))
  if (fitting < 1) {
    throw new WorkbenchError(
      'out-of-memory',
      `One sequence of each model needs ${((rowBytes * modelCount) / 1e6).toFixed(0)} MB for keys and values, more than ` +
        'the memory allowed leaves beside the weights.',
      'Allow more memory, fewer tokens, or compare fewer models at a time.'
    )
  }
  const wanted = Math.min(
    Math.ceil(request.batchRows / modelCount),
    request.prompts.length * request.sampleCount
  )
  return Math.min(wanted, fitting)
}
