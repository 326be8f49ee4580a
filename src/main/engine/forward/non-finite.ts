import { DEVICE_LABELS, type Precision } from '../../../contract/model/device'
import { type Model, modelStrengths, weightsKey } from '../../../contract/model/model'
import { describeNonFinite, type NonFiniteTensor } from '../../../contract/documents/non-finite'
import { WorkbenchError } from '../../../contract/model/problem'
import { phraseStrengths, strengthWords } from '../../../contract/model/strengths'
import { allFinite, NonFiniteCount, nonFiniteValues } from '../../checkpoint/non-finite'
import { wholeModelTensors } from '../../family'
import type { Device } from '../device/device'
import { finalRows, type PackedPrompts, packPrompts } from '../tries/prompt-trie'
import {
  isOtherOrigin,
  type ModelSources,
  type Origin,
  originWords,
  type RecipeTrie
} from '../tries/recipe-trie'
import { layerReads } from '../weights/block-weights'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { originsOf, WeightDecoder } from '../weights/weight-decoder'
import { embedTokens } from './embed-tokens'
import { forward, type ForwardEvent, type ForwardRun } from './forward'
import { at } from '../../../contract/model/look-up'

/** What a run computes with, so far as it takes to say why numbers of it are not finite. */
export interface Computation {
  readonly device: Device
  readonly precision: Precision
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  /** In the order of the trie's. */
  readonly models: readonly Model[]
}

/**
 * A pass whose last states are all finite. What is not finite in between stays so to the end, for every layer adds to the
 * states, so that these few rows are all that is looked at.
 *
 * @throws WorkbenchError as {@link whyNonFinite} says
 */
export async function* finiteForward(
  run: ForwardRun,
  models: readonly Model[]
): AsyncGenerator<ForwardEvent> {
  for await (const event of forward(run)) {
    if (event.type === 'final' && !allFinite(event.hidden)) {
      const { packed, trie } = run
      const width = run.pair.post.spec.hiddenSize
      const row = Math.floor(event.hidden.findIndex((value) => !Number.isFinite(value)) / width)
      const tokens = tokensTo(packed, run.everyRow === true ? row : finalRows(packed)[row])
      throw await whyNonFinite({ ...run, models }, trie.leafOf.indexOf(event.leaf), tokens)
    }
    yield event
  }
}

/** The tokens on the way to a packed row. */
export function tokensTo({ paths, tokens }: PackedPrompts, row: number | undefined): number[] {
  for (const path of paths) {
    const position = row === undefined ? -1 : path.indexOf(row)
    if (position !== -1)
      return Array.from(path.subarray(0, position + 1), (place) => at(tokens, place, 'row'))
  }
  throw new Error(`no prompt leads to row ${row}`)
}

/**
 * Says why a model's states or logits after some tokens are not finite. The tokens go through the model once more, to find the
 * first layer whose states are not, and that layer's weights are looked through.
 *
 * @param model index into the computation's models
 * @returns `bad-file` naming the first bad tensor, or `unsupported` where all weights there are finite
 * @throws WorkbenchError what reading weights says
 */
export async function whyNonFinite(
  computation: Computation,
  model: number,
  tokens: readonly number[]
): Promise<WorkbenchError> {
  const { pair, trie, models, device, precision } = computation
  const sources = trie.madeOf[model]
  const asked = models[model]
  if (sources === undefined || asked === undefined) throw new RangeError(`there is no model ${model}`)
  const name = engineModelName(asked, pair.post.spec.layerCount)
  const place = await firstNonFinitePlace(computation, sources, tokens)
  for (const { origin, tensor } of tensorsOf(pair, sources, place)) {
    const found = await nonFiniteIn(pair, origin, tensor)
    if (found !== null) {
      return new WorkbenchError(
        'bad-file',
        `${found.file}: ${describeNonFinite(found)}. ${sufferers(isOtherOrigin(origin) ? `the checkpoint ${originWords(origin)}` : origin, name)}.`,
        'Fetch or write that file again. Models that do not use this tensor can be computed. "slr inspect --values" finds all such tensors of a pair.'
      )
    }
  }
  const overflowed = typeof place === 'number' ? await overflowedIn(pair, sources, place) : null
  if (overflowed !== null) {
    return new WorkbenchError(
      'unsupported',
      `${overflowed}. ${name} cannot be computed with it.`,
      'Take strengths nearer to those from 0 to 1: beyond them weights are extrapolated, and may become too large to store.'
    )
  }
  const where = typeof place === 'number' ? `layer ${place}` : `the ${place}`
  return new WorkbenchError(
    'unsupported',
    `Computing ${alikeUpTo(computation, sources, place) ?? name} in ${precision} on ${DEVICE_LABELS[device.name]} overflowed in ${where}: what comes out of it is not ` +
      'finite, though all its weights are.',
    precision === 'fp16'
      ? 'Compute in fp32 (--precision fp32), or on the CPU.'
      : device.name === 'cpu'
        ? 'Weights as large as these are not what training leaves: compare the SHA-256 of the files with those published.'
        : 'Compute on the CPU (--device cpu), to see whether it is the device.'
  )
}

/** Whose file holds a bad tensor suffers first; the model at which that showed is one of many that take the tensor from it. */
const sufferers = (owner: string, name: string): string =>
  owner === name
    ? `${name} cannot be computed with it`
    : `${owner} itself cannot be computed with it, nor ${name}`

/** Post or base, where it is among the models and made alike up to the place, so that it comes to the same there; null for neither. */
function alikeUpTo(
  { trie, models }: Computation,
  { origin, blocks }: ModelSources,
  place: Place
): string | null {
  if (place === 'head') return null
  const made = (all: readonly unknown[]): string =>
    JSON.stringify(place === 'embedding' ? [] : all.slice(0, place + 1))
  const found = (['post', 'base'] as const).find((kind) =>
    models.some((model, index) => {
      const whole = at(trie.madeOf, index, 'model')
      return model.kind === kind && whole.origin === origin && made(whole.blocks) === made(blocks)
    })
  )
  return found ?? null
}

/** A model's place where numbers stop being finite: its embedding, a layer, or its final norm and head. */
type Place = 'embedding' | number | 'head'

async function firstNonFinitePlace(
  { device, precision, pair }: Computation,
  sources: ModelSources,
  tokens: readonly number[]
): Promise<Place> {
  if (!allFinite(await embedTokens(memberOf(pair, sources.origin), tokens))) return 'embedding'
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

/** One model alone. */
function trieOf(sources: ModelSources): RecipeTrie {
  return {
    roots: [sources.origin],
    levels: sources.blocks.map((block) => ({ blocks: [block], nodes: [{ parent: 0, block: 0 }] })),
    leafOf: [0],
    madeOf: [sources]
  }
}

/** Stored tensors that a place is computed with. */
function tensorsOf(
  pair: PairWeights,
  { origin, blocks }: ModelSources,
  place: Place
): { origin: Origin; tensor: string }[] {
  if (typeof place !== 'number') {
    const { embedding, finalNorm, head } = wholeModelTensors(memberOf(pair, origin).spec)
    return (place === 'embedding' ? [embedding] : [...finalNorm, head]).map(({ name }) => ({
      origin,
      tensor: name
    }))
  }
  const source = blocks[place]
  if (source === undefined) throw new RangeError(`the model has no layer ${place}`)
  return layerReads(pair.post.spec, place, source).flatMap((read) =>
    originsOf(read.source).map((from) => ({ origin: from, tensor: read.name }))
  )
}

/** The first tensor of a layer that is finite in both models and not as the recipe has it, in words; null when there is none. */
async function overflowedIn(
  pair: PairWeights,
  { blocks }: ModelSources,
  layer: number
): Promise<string | null> {
  const decoder = new WeightDecoder(pair)
  for (const read of layerReads(pair.post.spec, layer, at(blocks, layer, 'block'))) {
    const { name, count, source } = read
    const entry = pair.post.checkpoint.tensors.get(name)
    if (typeof source === 'string' || entry === undefined) continue
    const values = new Float32Array(count)
    await decoder.read(read, values)
    const found = new NonFiniteCount(entry, 'F32')
    found.add(new Uint8Array(values.buffer))
    if (found.found !== null)
      return `At ${strengthWords(source.strength)} of ${originWords(source.from)}, rounded to ${entry.dtype} as post stores it, ${describeNonFinite(found.found)}`
  }
  return null
}

async function nonFiniteIn(
  pair: PairWeights,
  origin: Origin,
  tensor: string
): Promise<NonFiniteTensor | null> {
  const { checkpoint, reader } = memberOf(pair, origin)
  const entry = checkpoint.tensors.get(tensor)
  return entry === undefined ? null : nonFiniteValues(reader, tensor, entry)
}

/** `base`, `post`, `post restored in layers 4–11`, or a checkpoint's folder. */
function engineModelName(model: Model, layerCount: number): string {
  if (model.kind === 'base') return 'base'
  if (model.kind === 'checkpoint') return `the checkpoint ${model.path}`
  const strengths = modelStrengths(model, layerCount)
  return strengths === null || weightsKey(model) === 'post'
    ? 'post'
    : `post restored in ${phraseStrengths(strengths)}`
}
