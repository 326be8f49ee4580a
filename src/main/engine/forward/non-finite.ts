import { DEVICE_LABELS, type Precision } from '../../../contract/model/device'
import { type Model, modelStrengths, weightsKey } from '../../../contract/model/model'
import { describeNonFinite, type NonFiniteTensor } from '../../../contract/documents/non-finite'
import { fileError, unsupportedError, WorkbenchError } from '../../../contract/model/problem'
import { phraseStrengths, strengthWords } from '../../../contract/model/strengths'
import { allFinite, NonFiniteCount, nonFiniteValues } from '../../checkpoint/non-finite'
import { wholeModelTensors } from '../../family'
import type { Device } from '../device/device'
import { finalRows, type PackedPrompts, packPrompts } from '../tries/prompt-trie'
import { isOtherOrigin, type ModelSources, type Origin, originWords, type RecipeTrie } from '../tries/recipe-trie'
import { layerReads } from '../weights/block-weights'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { originsOf, WeightDecoder } from '../weights/weight-decoder'
import { embedTokens } from './embed-tokens'
import { forward, type ForwardEvent, type ForwardRun } from './forward'
import { elementAt } from '../../../contract/model/look-up'

/** The inputs of a run that are needed to explain why its numbers are not finite. */
export interface ForwardComputation {
  readonly device: Device
  readonly precision: Precision
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  /** The models, in the order of the trie's models. */
  readonly models: readonly Model[]
}

/** Runs a pass and checks that all last states are finite, which is enough: layers add to the states. */
export async function* finiteForward(run: ForwardRun, models: readonly Model[]): AsyncGenerator<ForwardEvent> {
  for await (const event of forward(run)) {
    if (event.type === 'final' && !allFinite(event.hidden)) {
      const { packed, trie } = run
      const width = run.pair.post.spec.finalRowSize
      const row = Math.floor(event.hidden.findIndex((value) => !Number.isFinite(value)) / width)
      const tokens = tokensTo(packed, run.everyRow === true ? row : finalRows(packed)[row])
      throw await whyNonFinite({ ...run, models }, trie.leafOf.indexOf(event.leaf), tokens)
    }
    yield event
  }
}

export function tokensTo({ paths, tokens }: PackedPrompts, row: number | undefined): number[] {
  for (const path of paths) {
    const position = row === undefined ? -1 : path.indexOf(row)
    if (position !== -1) return Array.from(path.subarray(0, position + 1), (step) => elementAt(tokens, step, 'row'))
  }
  throw new Error(`no prompt leads to row ${row}`)
}

/**
 * Finds the first layer whose states are not finite, and checks its weights.
 * @param model index of the model.
 * @returns `bad-file` for stored weights, `unsupported` for a blend that overflowed, or `overflow` for finite weights
 */
export async function whyNonFinite(
  computation: ForwardComputation,
  model: number,
  tokens: readonly number[]
): Promise<WorkbenchError> {
  const { pair, trie, models, device, precision } = computation
  const sources = trie.sourcesOf[model]
  const modelSpec = models[model]
  if (sources === undefined || modelSpec === undefined) throw new RangeError(`there is no model ${model}`)
  const name = engineModelName(modelSpec, pair.post.spec.layerCount)
  const location = await firstNonFiniteLocation(computation, sources, tokens)
  for (const { origin, tensor } of tensorsOf(pair, sources, location)) {
    const badTensor = await nonFiniteIn(pair, origin, tensor)
    if (badTensor !== null) {
      const owner = isOtherOrigin(origin) ? `the checkpoint ${originWords(origin)}` : origin
      return fileError(
        `${badTensor.file}: ${describeNonFinite(badTensor)}. ${affectedModels(owner, name)}.`,
        'Download or export that file again. Models that do not use this tensor can be computed. ' +
          '"slr inspect --values" lists all such tensors of a pair.'
      )
    }
  }
  const overflowed = typeof location === 'number' ? await overflowedIn(pair, sources, location) : null
  if (overflowed !== null) {
    return unsupportedError(
      `${overflowed}. ${name} cannot be computed with it.`,
      'Use strengths closer to the range 0 to 1. Weights beyond it are extrapolated and may be too large to store.'
    )
  }
  const failing = equalModelUpTo(computation, sources, location) ?? name
  const where = typeof location === 'number' ? `layer ${location}` : `the ${location}`
  return new WorkbenchError(
    'overflow',
    `Computing ${failing} in ${precision} on ${DEVICE_LABELS[device.name]} overflowed in ${where}. ` +
      'Its output is not finite, though all its weights are.',
    overflowHint(precision, device)
  )
}

function overflowHint(precision: Precision, device: Device): string {
  if (precision === 'fp16') return 'Compute in fp32 (--precision fp32), or on the CPU.'
  return device.name === 'cpu'
    ? 'Weights this large do not result from training. Compare the SHA-256 of the files with those published.'
    : 'Compute on the CPU (--device cpu) to find out whether the device is the cause.'
}

/** Names the models that a bad tensor affects: the checkpoint that holds it, then the model in which it showed. */
const affectedModels = (owner: string, name: string): string =>
  owner === name ? `${name} cannot be computed with it` : `Neither ${owner} nor ${name} can be computed with it`

/** Returns post or base if the failure is also theirs, because their weights up to the location are the model's. */
function equalModelUpTo(
  { trie, models }: ForwardComputation,
  { origin, blocks }: ModelSources,
  location: Location
): string | null {
  if (location === 'head') return null
  const blocksKey = (all: readonly unknown[]): string =>
    JSON.stringify(location === 'embedding' ? [] : all.slice(0, location + 1))
  const equalModel = (['post', 'base'] as const).find((kind) =>
    models.some((model, index) => {
      const other = elementAt(trie.sourcesOf, index, 'model')
      return model.kind === kind && other.origin === origin && blocksKey(other.blocks) === blocksKey(blocks)
    })
  )
  return equalModel ?? null
}

/** The location in a model at which numbers stop being finite: its embedding, a layer, or its final norm and head. */
type Location = 'embedding' | number | 'head'

async function firstNonFiniteLocation(
  { device, precision, pair }: ForwardComputation,
  sources: ModelSources,
  tokens: readonly number[]
): Promise<Location> {
  if (!allFinite(await embedTokens(device, memberOf(pair, sources.origin), tokens))) return 'embedding'
  const run = {
    device,
    precision,
    pair,
    trie: trieOf(sources),
    packed: packPrompts([tokens]),
    everyState: true
  }
  for await (const event of forward(run)) {
    if (event.type === 'state' && !allFinite(event.hidden)) return event.layer
    if (event.type === 'final' && !allFinite(event.hidden)) return sources.blocks.length - 1
  }
  return 'head'
}

function trieOf(sources: ModelSources): RecipeTrie {
  return {
    roots: [sources.origin],
    levels: sources.blocks.map((block) => ({ blocks: [block], nodes: [{ parent: 0, block: 0 }] })),
    leafOf: [0],
    sourcesOf: [sources]
  }
}

function tensorsOf(
  pair: PairWeights,
  { origin, blocks }: ModelSources,
  location: Location
): { origin: Origin; tensor: string }[] {
  if (typeof location !== 'number') {
    const { embedding, rowInputs, finalNorm, head } = wholeModelTensors(memberOf(pair, origin).spec)
    return (location === 'embedding' ? [embedding, ...rowInputs] : [...finalNorm, head]).map(({ name }) => ({
      origin,
      tensor: name
    }))
  }
  const source = blocks[location]
  if (source === undefined) throw new RangeError(`the model has no layer ${location}`)
  return layerReads(pair.post.spec, location, source).flatMap((read) =>
    originsOf(read.source).map((from) => ({ origin: from, tensor: read.name }))
  )
}

/** Describes the first tensor of a layer that is finite in both models but not in the recipe's blend, or null. */
async function overflowedIn(pair: PairWeights, { blocks }: ModelSources, layer: number): Promise<string | null> {
  const decoder = new WeightDecoder(pair)
  for (const read of layerReads(pair.post.spec, layer, elementAt(blocks, layer, 'block'))) {
    const { name, count, source } = read
    const entry = pair.post.checkpoint.tensors.get(name)
    if (typeof source === 'string' || entry === undefined) continue
    const values = new Float32Array(count)
    await decoder.read(read, values)
    const nonFinite = new NonFiniteCount(entry, 'F32')
    nonFinite.add(new Uint8Array(values.buffer))
    const mixed =
      'terms' in source
        ? `In the sum of ${source.terms.map(({ origin }) => originWords(origin)).join(', ')}`
        : `At ${strengthWords(source.strength)} of ${originWords(source.from)}`
    if (nonFinite.result !== null)
      return `${mixed}, rounded to ${entry.dtype} as post stores it, ` + describeNonFinite(nonFinite.result)
  }
  return null
}

async function nonFiniteIn(pair: PairWeights, origin: Origin, tensor: string): Promise<NonFiniteTensor | null> {
  const { checkpoint, reader } = memberOf(pair, origin)
  const entry = checkpoint.tensors.get(tensor)
  return entry === undefined ? null : nonFiniteValues(reader, tensor, entry)
}

/** Names a model: `base`, `post`, `post restored in layers 4–11`, or a checkpoint's folder. */
function engineModelName(model: Model, layerCount: number): string {
  if (model.kind === 'base') return 'base'
  if (model.kind === 'checkpoint') return `the checkpoint ${model.path}`
  const strengths = modelStrengths(model, layerCount)
  if (strengths === null || weightsKey(model) === 'post') return 'post'
  const target = model.kind === 'recipe' ? model.onto?.path : undefined
  return `${target ?? 'post'} restored in ${phraseStrengths(strengths)}`
}
