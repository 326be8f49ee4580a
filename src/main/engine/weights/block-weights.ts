import type { DecoderSpec, LayerTensorSpec, Role } from '../../family'
import { expertTensors, layerTensors, sharedTensors, tensorStrength } from '../../family'
import { elementCount } from '../../checkpoint/dtype'
import type { PairWeights } from './pair-weights'
import type { BlockSource } from '../tries/recipe-trie'
import { addCost, originsOf, WeightDecoder, type WeightRead } from './weight-decoder'
import { elementAt } from '../../../contract/model/look-up'

/** The weights of a block, which is a decoder layer of one model, or of one of its experts. */
export interface BlockWeights {
  readonly tensors: ReadonlyMap<Role, { readonly data: Float32Array; readonly shape: readonly number[] }>
  /** Stored bytes read, time of reading and converting together, and time of converting only. */
  readonly bytesRead: number
  readonly readMs: number
  readonly convertMs: number
  /** Returns the memory to the reader that lent it. The arrays must not be used afterwards. */
  release(): void
}

/** One step of computing a block: its shared part, which computes every row, or one expert. */
export interface BlockStep {
  readonly layer: number
  /** Index of the expert; null for the shared part, which is the whole block if it has no experts. */
  readonly expert: number | null
  readonly source: BlockSource
  /** Sources of later steps for the same layer and expert. Stored bytes that they need too are kept. */
  readonly later: readonly BlockSource[]
}

/** Lists the reads that a step needs, in the order of the layer's tensors. */
export function blockReads(spec: DecoderSpec, step: BlockStep): WeightRead[] {
  return stepTensors(spec, step).map((tensor) => tensorRead(tensor, step.source, step.later))
}

/** Maps each role of a block or of one expert to its read, for callers that read tensor by tensor. */
export function readsByRole(
  spec: DecoderSpec,
  step: Pick<BlockStep, 'layer' | 'expert' | 'source'>
): ReadonlyMap<string, WeightRead> {
  return new Map(stepTensors(spec, step).map((tensor) => [tensor.role, tensorRead(tensor, step.source, [])]))
}

/** Lists the reads of a whole layer, all of its experts included. */
export function layerReads(spec: DecoderSpec, layer: number, source: BlockSource): WeightRead[] {
  return layerTensors(spec, layer).map((tensor) => tensorRead(tensor, source, []))
}

function tensorRead(tensor: LayerTensorSpec, source: BlockSource, later: readonly BlockSource[]): WeightRead {
  const tensorSource = sourceOfTensor(source, tensor)
  return {
    name: tensor.name,
    first: tensor.first === null ? 0 : tensor.first,
    count: elementCount(tensor.shape),
    source: tensorSource,
    // A stored tensor that contains all experts is not kept, because each expert would keep the whole tensor.
    keep: originsOf(tensorSource).filter(
      (origin) =>
        tensor.first === null && later.some((other) => originsOf(sourceOfTensor(other, tensor)).includes(origin))
    )
  }
}

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

/** Gives the source of one tensor of a block. A recipe may blend only some tensors of a layer. */
function sourceOfTensor(source: BlockSource, tensor: LayerTensorSpec): WeightRead['source'] {
  if (source.kind === 'stored') return source.origin
  if (source.kind === 'sum') return { terms: source.terms }
  const strength = tensorStrength(tensor, source)
  return strength === 0 ? 'post' : { from: source.from ?? 'base', strength }
}

/** Maps roles to the arrays of a step's reads, which are in the order of `blockReads`. */
export function blockTensors(
  spec: DecoderSpec,
  step: Pick<BlockStep, 'layer' | 'expert'>,
  arrays: readonly Float32Array[]
): BlockWeights['tensors'] {
  return new Map(
    stepTensors(spec, step).map(({ role, shape }, i) => [role, { data: elementAt(arrays, i, 'array'), shape }])
  )
}

/** Reads one block or one of its experts in this thread, into newly allocated memory. */
export async function readBlock(
  pair: PairWeights,
  layer: number,
  source: BlockSource,
  expert: number | null = null
): Promise<BlockWeights> {
  return decodeBlock(new WeightDecoder(pair), pair.post.spec, { layer, source, expert, later: [] })
}

/** Reads one block, and keeps the stored bytes that later blocks need. @param memory arrays to overwrite */
export async function decodeBlock(
  decoder: WeightDecoder,
  spec: DecoderSpec,
  step: BlockStep,
  memory?: BlockWeights['tensors']
): Promise<BlockWeights> {
  const startedMs = performance.now()
  const cost = { bytesRead: 0, convertMs: 0 }
  const arrays: Float32Array[] = []
  const memoryArrays = memory === undefined ? [] : Array.from(memory.values(), ({ data }) => data)
  for (const [index, read] of blockReads(spec, step).entries()) {
    const data = memory === undefined ? new Float32Array(read.count) : elementAt(memoryArrays, index, 'array')
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
