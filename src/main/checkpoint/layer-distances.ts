import type { DistanceComponent, ComponentDistance, Distance, LayerDistance } from '../../contract/documents/distances'
import { fileError } from '../../contract/model/problem'
import {
  layerTensors,
  wholeModelTensors,
  type DecoderSpec,
  type LayerTensorSpec,
  type WholeModelTensor
} from '../family'
import { DistanceSums } from './distance-sums'
import { DTYPE_BYTES, weightDtype, type WeightDtype } from './dtype'
import type { PairMember } from './pair-member'
import { openWeightReader, type WeightReader } from './weight-reader'
import { throwIfCancelled } from '../base/files/cancelling'

/** Piece of each checkpoint that is read at a time. */
const PIECE_BYTES = 2 ** 20

export interface LayerDistances {
  components: ComponentDistance[]
  layers: LayerDistance[]
  notices: string[]
  bytesRead: number
}

export type LayerDistancesEvent =
  { type: 'progress'; bytesDone: number; bytesTotal: number } | { type: 'done'; distances: LayerDistances }

interface Comparison {
  layer: number | null
  component: DistanceComponent
  baseTensor: string
  postTensor: string
  firstRow: number
  rowCount: number
  partial: boolean
  /** Name of a component that consists of this tensor in all experts of a layer, or null. */
  groupName: string | null
}

/** Computes how far each component of post is from base, in one reading and constant memory. */
export async function* compareLayers(
  pair: { base: PairMember; post: PairMember },
  signal?: AbortSignal
): AsyncGenerator<LayerDistancesEvent> {
  const readers = {
    base: openWeightReader(pair.base.checkpoint),
    post: openWeightReader(pair.post.checkpoint)
  }
  try {
    const { comparisons, notices } = plan(pair.base.spec, pair.post.spec)
    const compared = comparisons.map((comparison) => new ComparedRows(comparison, pair))
    const bytesTotal = compared.reduce((sum, rows) => sum + rows.byteLength, 0)
    const pieces = compared.flatMap((rows) => rows.pieces())
    const memory = [newMemory(), newMemory()] as const
    const read = (index: number): Promise<readonly [Uint8Array, Uint8Array]> | undefined =>
      pieces[index]?.read(readers, memory[index % 2 === 0 ? 0 : 1])

    let bytesDone = 0
    yield { type: 'progress', bytesDone, bytesTotal }
    let reading = read(0)
    for (const [index, piece] of pieces.entries()) {
      const bytes = await reading
      throwIfCancelled(signal, 'The comparison')
      reading = read(index + 1)
      // Awaited in the next iteration; an earlier failure must not count as unhandled.
      reading?.catch(() => undefined)
      if (bytes === undefined) continue
      const [base, post] = bytes
      piece.rows.sums.add(base, piece.rows.baseDtype, post, piece.rows.postDtype)
      bytesDone += base.byteLength + post.byteLength
      yield { type: 'progress', bytesDone, bytesTotal }
    }
    yield {
      type: 'done',
      distances: {
        components: joinExperts(compared),
        layers: wholeLayers(compared, pair.post.spec.layerCount),
        notices: [...notices, ...nonFiniteNotices(compared)],
        bytesRead: readers.base.bytesRead + readers.post.bytesRead
      }
    }
  } finally {
    await Promise.all([readers.base.close(), readers.post.close()])
  }
}

interface Piece {
  rows: ComparedRows
  read(
    readers: { base: WeightReader; post: WeightReader },
    memory: { base: Uint8Array; post: Uint8Array }
  ): Promise<readonly [Uint8Array, Uint8Array]>
}

function newMemory(): { base: Uint8Array; post: Uint8Array } {
  return { base: new Uint8Array(PIECE_BYTES), post: new Uint8Array(PIECE_BYTES) }
}

/** A comparison with its sums. */
class ComparedRows {
  readonly sums = new DistanceSums()
  readonly baseDtype: WeightDtype
  readonly postDtype: WeightDtype
  readonly byteLength: number
  private readonly rowsPerPiece: number

  constructor(
    readonly comparison: Comparison,
    pair: { base: PairMember; post: PairMember }
  ) {
    const { baseTensor, postTensor, rowCount } = comparison
    const base = entryOf(pair.base, baseTensor)
    const post = entryOf(pair.post, postTensor)
    this.baseDtype = weightDtype(base)
    this.postDtype = weightDtype(post)
    const rowLength = post.shape.slice(1).reduce((product, size) => product * size, 1)
    const rowBytes = [DTYPE_BYTES[this.baseDtype], DTYPE_BYTES[this.postDtype]].map((size) => size * rowLength)
    this.byteLength = rowBytes.reduce((sum, bytes) => sum + bytes * rowCount, 0)
    this.rowsPerPiece = Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, ...rowBytes)))
  }

  pieces(): Piece[] {
    const { baseTensor, postTensor, firstRow, rowCount } = this.comparison
    return Array.from({ length: Math.ceil(rowCount / this.rowsPerPiece) }, (_, index) => {
      const done = index * this.rowsPerPiece
      const [first, count] = [firstRow + done, Math.min(this.rowsPerPiece, rowCount - done)]
      return {
        rows: this,
        read: (readers, memory) =>
          Promise.all([
            readers.base.readRows(baseTensor, first, count, memory.base),
            readers.post.readRows(postTensor, first, count, memory.post)
          ])
      }
    })
  }

  get identical(): boolean {
    return this.baseDtype === this.postDtype && this.sums.changed === 0
  }

  result(others: readonly ComparedRows[] = []): ComponentDistance {
    const { layer, component, postTensor, firstRow, rowCount, partial, groupName: together } = this.comparison
    const all = [this, ...others]
    const sums = new DistanceSums()
    for (const rows of all) sums.addSums(rows.sums)
    return {
      layer,
      component,
      tensor: together ?? postTensor,
      rows: partial ? { first: firstRow, count: rowCount } : null,
      baseDtype: this.baseDtype,
      postDtype: this.postDtype,
      identical: all.every(({ identical }) => identical),
      ...sums.distance()
    }
  }
}

/** Joins comparisons that form one component into one result, at the position of the first. */
function joinExperts(compared: readonly ComparedRows[]): ComponentDistance[] {
  const parts = new Map<ComparedRows | string, { first: ComparedRows; others: ComparedRows[] }>()
  for (const rows of compared) {
    const key = rows.comparison.groupName ?? rows
    const group = parts.get(key)
    if (group === undefined) parts.set(key, { first: rows, others: [] })
    else group.others.push(rows)
  }
  return [...parts.values()].map(({ first, others }) => first.result(others))
}

function entryOf(
  { checkpoint }: PairMember,
  name: string
): { name: string; dtype: string; file: string; shape: number[] } {
  const entry = checkpoint.tensors.get(name)
  if (entry !== undefined) return entry
  throw fileError(`${checkpoint.path}: the tensor ${name} is missing.`)
}

/** Lists the comparisons in the order of the layers, so that a sharded checkpoint is read front to back. */
function plan(base: DecoderSpec, post: DecoderSpec): { comparisons: Comparison[]; notices: string[] } {
  const notices: string[] = []
  const sharedTokens = Math.min(base.vocabularySize, post.vocabularySize)
  if (base.vocabularySize !== post.vocabularySize) {
    notices.push(
      `The vocabularies differ (${base.vocabularySize} tokens in base, ${post.vocabularySize} in post): embeddings ` +
        `and head are compared on the first ${sharedTokens} tokens.`
    )
  }
  const [inBase, inPost] = [wholeModelTensors(base), wholeModelTensors(post)]
  const tokens = (component: DistanceComponent, baseTensor: string, postTensor: string): Comparison => ({
    layer: null,
    component,
    baseTensor,
    postTensor,
    firstRow: 0,
    rowCount: sharedTokens,
    partial: sharedTokens < post.vocabularySize,
    groupName: null
  })
  if (base.tiedHead && post.tiedHead) {
    notices.push('Both heads are tied: the head is the embeddings.')
  } else if (base.tiedHead || post.tiedHead) {
    notices.push(
      `Only the head of ${base.tiedHead ? 'base' : 'post'} is tied: its embeddings are compared with the other's head.`
    )
  }
  return {
    comparisons: [
      tokens('embedding', inBase.embedding.name, inPost.embedding.name),
      ...inPost.rowInputs.map(wholeTensor),
      ...post.layers.flatMap((_, layer) =>
        layerTensors(post, layer).flatMap((tensor) => layerComparisons(post, layer, tensor))
      ),
      ...inPost.finalNorm.map(wholeTensor),
      ...(base.tiedHead && post.tiedHead ? [] : [tokens('head', inBase.head.name, inPost.head.name)])
    ],
    notices
  }
}

/** Gives the comparison of a whole tensor outside the layers. */
function wholeTensor({ component, name, shape: [rowCount = 0], groupName }: WholeModelTensor): Comparison {
  return {
    layer: null,
    component,
    baseTensor: name,
    postTensor: name,
    firstRow: 0,
    rowCount,
    partial: false,
    groupName
  }
}

/** Lists the comparisons of a layer tensor, of a fused one by parts: [q; k; v] or [gate; up]. */
function layerComparisons(spec: DecoderSpec, layer: number, tensor: LayerTensorSpec): Comparison[] {
  const { name, role, shape, expert } = tensor
  const [rows = 0] = shape
  const kvSize = spec.kvHeadCount * spec.headSize
  const parts: readonly (readonly [DistanceComponent, number])[] =
    role === 'qkv' && spec.family.attention === 'fused'
      ? [
          ['q', spec.headCount * spec.headSize],
          ['k', kvSize],
          ['v', kvSize]
        ]
      : role === 'gateUp'
        ? [
            ['gate', spec.intermediateSize],
            ['up', spec.intermediateSize]
          ]
        : [[role, rows]]
  let firstRow = 0
  return parts.map(([component, rowCount]) => {
    const comparison: Comparison = {
      layer,
      component,
      baseTensor: name,
      postTensor: name,
      firstRow,
      rowCount,
      partial: rowCount < rows,
      groupName: expert === null ? null : ofAnyExpert(name, expert)
    }
    firstRow += rowCount
    return comparison
  })
}

/** Names a tensor of all experts, `model.layers.1.mlp.experts.*.up_proj.weight`. */
function ofAnyExpert(name: string, expert: number): string {
  const number = `.${expert}.`
  const index = name.lastIndexOf(number)
  return `${name.slice(0, index)}.*.${name.slice(index + number.length)}`
}

function wholeLayers(compared: readonly ComparedRows[], layerCount: number): LayerDistance[] {
  return Array.from({ length: layerCount }, (_, layer) => {
    const sums = new DistanceSums()
    const layerRows = compared.filter(({ comparison }) => comparison.layer === layer)
    for (const rows of layerRows) sums.addSums(rows.sums)
    const distance: Distance = sums.distance()
    return { layer, identical: layerRows.every(({ identical }) => identical), ...distance }
  })
}

function nonFiniteNotices(compared: readonly ComparedRows[]): string[] {
  const affected = compared.filter(({ sums }) => sums.nonFinite > 0)
  const [first] = affected
  if (first === undefined) return []
  const weights = affected.reduce((sum, { sums }) => sum + sums.nonFinite, 0)
  const others = affected.length > 1 ? ` and ${affected.length - 1} more` : ''
  const verb = weights === 1 ? 'weight is' : 'weights are'
  return [
    `${weights} ${verb} NaN or infinite, in ${first.comparison.postTensor}${others}; norms and cosines leave them out.`
  ]
}
