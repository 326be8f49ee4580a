import type {
  ComponentDistance,
  Distance,
  DistanceComponent,
  DistancesDocument,
  LayerDistance
} from '../../contract/documents/distances'
import { formatCount, plural } from '../../contract/words/format'
import { elementAt } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import { fileError } from '../../contract/model/problem'
import type { BytesRead } from '../../contract/procedures/weights'
import {
  layerTensors,
  wholeModelTensors,
  type DecoderSpec,
  type LayerTensorSpec,
  type WholeModelTensor
} from '../family'
import { DistanceSums } from './distance-sums'
import { DTYPE_BYTES, elementCount, weightDtype, type WeightDtype } from './dtype'
import type { PairMember } from './pair-member'
import { openWeightReader, type WeightReader } from './weight-reader'
import { throwIfCancelled } from '../base/files/cancelling'

/** Bytes of each checkpoint that are read at a time. */
const PIECE_BYTES = 2 ** 20

/** How far the weights of post are from base, for each component, such as `q`, and for each layer. */
export type LayerDistances = Pick<DistancesDocument, 'components' | 'layers' | 'notices' | 'bytesRead'>

type LayerDistancesEvent = BytesRead | { type: 'done'; distances: LayerDistances }

/** Rows of two tensors that are to be compared. */
interface Comparison {
  /** Null for a tensor outside the layers. */
  layer: number | null
  component: DistanceComponent
  baseTensor: string
  postTensor: string
  firstRow: number
  rowCount: number
  /** True if the tensor has further rows, which are not compared. */
  partial: boolean
  /** Name of a component that consists of this tensor in all experts of a layer; null for other components. */
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
    const { comparisons, notices } = planComparisons(pair.base.spec, pair.post.spec)
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

/** Some of the rows of a comparison, which are read at a time. */
interface Piece {
  rows: ComparedRows
  /** @returns the stored bytes of base and of post */
  read(
    readers: { base: WeightReader; post: WeightReader },
    memory: { base: Uint8Array; post: Uint8Array }
  ): Promise<readonly [Uint8Array, Uint8Array]>
}

function newMemory(): { base: Uint8Array; post: Uint8Array } {
  return { base: new Uint8Array(PIECE_BYTES), post: new Uint8Array(PIECE_BYTES) }
}

/** A comparison with the sums that its pieces are added to. */
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
    const rowLength = elementCount(post.shape.slice(1))
    const baseRowBytes = rowLength * DTYPE_BYTES[this.baseDtype]
    const postRowBytes = rowLength * DTYPE_BYTES[this.postDtype]
    this.byteLength = (baseRowBytes + postRowBytes) * rowCount
    this.rowsPerPiece = Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, baseRowBytes, postRowBytes)))
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

  /** Computes the distance of these rows together with the rows of other experts in the same component. */
  distanceWith(others: readonly ComparedRows[]): ComponentDistance {
    const { layer, component, postTensor, firstRow, rowCount, partial, groupName } = this.comparison
    const all = [this, ...others]
    const sums = new DistanceSums()
    for (const rows of all) sums.addSums(rows.sums)
    return {
      layer,
      component,
      tensor: groupName ?? postTensor,
      rows: partial ? { first: firstRow, count: rowCount } : null,
      baseDtype: this.baseDtype,
      postDtype: this.postDtype,
      identical: all.every(({ identical }) => identical),
      ...sums.distance()
    }
  }
}

/** Computes the distance of each component. All experts of a layer give one result, at the position of the first. */
function joinExperts(compared: readonly ComparedRows[]): ComponentDistance[] {
  // Rows without a group are their own key.
  const groups = multimap(compared.map((rows) => [rows.comparison.groupName ?? rows, rows] as const))
  return [...groups.values()].map((group) => elementAt(group, 0, 'comparison').distanceWith(group.slice(1)))
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
function planComparisons(base: DecoderSpec, post: DecoderSpec): { comparisons: Comparison[]; notices: string[] } {
  const notices: string[] = []
  const sharedTokens = Math.min(base.vocabularySize, post.vocabularySize)
  if (base.vocabularySize !== post.vocabularySize) {
    notices.push(
      `The vocabularies differ (${plural(base.vocabularySize, 'token')} in base, ` +
        `${formatCount(post.vocabularySize)} in post): embeddings and head ` +
        `are compared on the first ${plural(sharedTokens, 'token')}.`
    )
  }
  const [inBase, inPost] = [wholeModelTensors(base), wholeModelTensors(post)]
  const tokenRows = (component: DistanceComponent, baseTensor: string, postTensor: string): Comparison => ({
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
      tokenRows('embedding', inBase.embedding.name, inPost.embedding.name),
      ...inPost.rowInputs.map(wholeTensor),
      ...post.layers.flatMap((_, layer) =>
        layerTensors(post, layer).flatMap((tensor) => layerComparisons(post, layer, tensor))
      ),
      ...inPost.finalNorm.map(wholeTensor),
      ...(base.tiedHead && post.tiedHead ? [] : [tokenRows('head', inBase.head.name, inPost.head.name)])
    ],
    notices
  }
}

/** Returns the comparison of all rows of a tensor outside the layers, such as the final norm. */
function wholeTensor({ component, name, shape, groupName }: WholeModelTensor): Comparison {
  return {
    layer: null,
    component,
    baseTensor: name,
    postTensor: name,
    firstRow: 0,
    rowCount: elementAt(shape, 0, 'size'),
    partial: false,
    groupName
  }
}

/** Lists the components of a layer tensor with their numbers of rows. A fused tensor has several components. */
function componentRows(spec: DecoderSpec, role: LayerTensorSpec['role'], rows: number): [DistanceComponent, number][] {
  const { headCount, kvHeadCount, headSize, intermediateSize } = spec
  if (role === 'qkv' && spec.family.attention === 'fused') {
    return [
      ['q', headCount * headSize],
      ['k', kvHeadCount * headSize],
      ['v', kvHeadCount * headSize]
    ]
  }
  if (role !== 'gateUp') return [[role, rows]]
  return [
    ['gate', intermediateSize],
    ['up', intermediateSize]
  ]
}

/** Lists the comparisons of a layer tensor, one for each component. */
function layerComparisons(spec: DecoderSpec, layer: number, tensor: LayerTensorSpec): Comparison[] {
  const { name, role, shape, expert } = tensor
  const rows = elementAt(shape, 0, 'size')
  let firstRow = 0
  return componentRows(spec, role, rows).map(([component, rowCount]) => {
    const comparison: Comparison = {
      layer,
      component,
      baseTensor: name,
      postTensor: name,
      firstRow,
      rowCount,
      partial: rowCount < rows,
      groupName: expert === null ? null : expertGroupName(name, expert)
    }
    firstRow += rowCount
    return comparison
  })
}

/** Names a tensor of all experts of a layer, such as `model.layers.1.mlp.experts.*.up_proj.weight`. */
function expertGroupName(name: string, expert: number): string {
  const number = `.${expert}.`
  const index = name.lastIndexOf(number)
  return `${name.slice(0, index)}.*.${name.slice(index + number.length)}`
}

/** Computes the distance of each layer, over all its tensors. */
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
