import type { DecoderSpec, LayerTensorSpec, Role } from '../../family'
import { expertTensors, layerTensors, sharedTensors, tensorStrength } from '../../family'
import type { PairWeights } from './pair-weights'
import type { BlockSource } from '../tries/recipe-trie'
import { addCost, originsOf, WeightDecoder, type WeightRead } from './weight-decoder'
import { at } from '../../../contract/model/look-up'

/** The float32 weights of one block, or of one of its experts, by their role in the layer. */
export interface BlockWeights {
  readonly tensors: ReadonlyMap<Role, { readonly data: Float32Array; readonly shape: readonly number[] }>
  /** Stored bytes read for them, the time that reading and converting took, and that of converting alone. */
  readonly bytesRead: number
  readonly readMs: number
  readonly convertMs: number
  /** Gives the memory back to whoever lent it; the arrays are not to be used after. */
  release(): void
}

/**
 * What every row of a block goes through, or one of its experts, and the blocks of the same layer that come after it, which may be
 * made of the same tensors.
 */
export interface BlockStep {
  readonly layer: number
  /** Null for what every row goes through: the whole block where it has no experts. */
  readonly expert: number | null
  readonly source: BlockSource
  readonly later: readonly BlockSource[]
}

/** What has to be read for a block, in the order of the layer's tensors. */
export function blockReads(spec: DecoderSpec, step: BlockStep): WeightRead[] {
  return stepTensors(spec, step).map((tensor) => tensorRead(tensor, step.source, step.later))
}

/** What has to be read for one block, or for one of its experts, by role: for whoever takes it in pieces. */
export function readsByRole(
  spec: DecoderSpec,
  step: Pick<BlockStep, 'layer' | 'expert' | 'source'>
): ReadonlyMap<string, WeightRead> {
  return new Map(stepTensors(spec, step).map((tensor) => [tensor.role, tensorRead(tensor, step.source, [])]))
}

/** What a layer of a model is made of, all of its experts among it. */
export function layerReads(spec: DecoderSpec, layer: number, source: BlockSource): WeightRead[] {
  return layerTensors(spec, layer).map((tensor) => tensorRead(tensor, source, []))
}

function tensorRead(tensor: LayerTensorSpec, source: BlockSource, later: readonly BlockSource[]): WeightRead {
  const from = readFrom(source, tensor)
  return {
    name: tensor.name,
    first: 0,
    count: elementCount(tensor.shape),
    source: from,
    keep: originsOf(from).filter((origin) =>
      later.some((other) => originsOf(readFrom(other, tensor)).includes(origin))
    )
  }
}

/** Tensors of a step by role, with their elements. */
export function stepSizes(
  spec: DecoderSpec,
  step: Pick<BlockStep, 'layer' | 'expert'>
): { readonly role: Role; readonly count: number }[] {
  return stepTensors(spec, step).map(({ role, shape }) => ({ role, count: elementCount(shape) }))
}

function stepTensors(
  spec: DecoderSpec,
  { layer, expert }: Pick<BlockStep, 'layer' | 'expert'>
): readonly LayerTensorSpec[] {
  return expert === null ? sharedTensors(spec, layer) : expertTensors(spec, layer, expert)
}

function readFrom(source: BlockSource, tensor: LayerTensorSpec): WeightRead['source'] {
  if (source.kind === 'stored') return source.origin
  const strength = tensorStrength(tensor, source)
  return strength === 0 ? 'post' : { from: source.from ?? 'base', strength }
}

/** Arrays that were read for `blockReads`, as the layer's weights. */
export function blockTensors(
  spec: DecoderSpec,
  step: Pick<BlockStep, 'layer' | 'expert'>,
  arrays: readonly Float32Array[]
): BlockWeights['tensors'] {
  return new Map(
    stepTensors(spec, step).map(({ role, shape }, i) => [role, { data: at(arrays, i, 'array'), shape }])
  )
}

/** Reads one block, or one of its experts, in this thread, into memory of its own. */
export async function readBlock(
  pair: PairWeights,
  layer: number,
  source: BlockSource,
  expert: number | null = null
): Promise<BlockWeights> {
  return decodeBlock(new WeightDecoder(pair), pair.post.spec, { layer, source, expert, later: [] })
}

/**
 * The same with a decoder that keeps what later blocks need; one block at a time.
 *
 * @param memory a block's arrays, whose values are overwritten; left out: memory of its own
 */
export async function decodeBlock(
  decoder: WeightDecoder,
  spec: DecoderSpec,
  step: BlockStep,
  memory?: BlockWeights['tensors']
): Promise<BlockWeights> {
  const startedMs = performance.now()
  const cost = { bytesRead: 0, convertMs: 0 }
  const arrays: Float32Array[] = []
  const given = memory === undefined ? [] : Array.from(memory.values(), ({ data }) => data)
  for (const [index, read] of blockReads(spec, step).entries()) {
    const data = memory === undefined ? new Float32Array(read.count) : at(given, index, 'array')
    addCost(cost, await decoder.read(read, data))
    arrays.push(data)
  }
  return {
    tensors: blockTensors(spec, step, arrays),
    ...cost,
    readMs: performance.now() - startedMs,
    release: () => undefined
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
