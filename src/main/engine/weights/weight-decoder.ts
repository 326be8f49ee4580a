import { Scratch } from '../../base/scratch'
import { decodeFloat32, DTYPE_BYTES, roundFloat32, type WeightDtype } from '../../checkpoint/dtype'
import { restoreValues } from '../../checkpoint/restored-tensor'
import { storedTensorBytes } from '../../checkpoint/scaled-weights'
import { type Checkpoints, memberOf, type StoredModel } from './pair-weights'
import type { Origin, OriginTerm, OtherOrigin } from '../tries/recipe-trie'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** A blend of post and a source, whose share is `strength` and not 0, rounded as an export would store it. */
interface Blend {
  readonly from: 'base' | OtherOrigin
  readonly strength: number
}

/** A sum of layers of several checkpoints. Each has one term. */
interface Sum {
  readonly terms: readonly OriginTerm[]
}

/** A request for a float32 array of stored weights. */
export interface WeightRead {
  readonly name: string
  /** The request covers elements first .. first + count - 1. */
  readonly first: number
  readonly count: number
  /** Values of one checkpoint, a blend of two, or a sum. */
  readonly source: Origin | Blend | Sum
  /** Checkpoints whose stored bytes of this tensor a later read needs too, and which the decoder keeps. */
  readonly keep: readonly Origin[]
}

export interface ReadCost {
  bytesRead: number
  /** Milliseconds that the reading thread took to convert the bytes to float32. */
  convertMs: number
}

export function addCost(total: ReadCost, { bytesRead, convertMs }: ReadCost): void {
  total.bytesRead += bytesRead
  total.convertMs += convertMs
}

/** Elements read at a time. Reading one piece overlaps with decoding another. */
const PIECE_ELEMENTS = 2 ** 20

/** The maximum bytes of a decoder while it reads: stored bytes of two pieces, and one decoded piece of a blend. */
export const DECODER_BYTES = 3 * PIECE_ELEMENTS * Float32Array.BYTES_PER_ELEMENT

/** Elements of one checkpoint's tensor that are read and decoded at a time. */
interface Piece {
  readonly origin: Origin
  /** First element in the tensor. */
  readonly first: number
  readonly count: number
  /** First element in the target. */
  readonly offset: number
}

/** Reads weights of a pair piece by piece, one array at a time. */
export class WeightDecoder {
  private readonly stored = [new Scratch(), new Scratch()]
  private blend = new Float32Array()
  private readonly keptTensors = new Map<string, Uint8Array>()

  constructor(private readonly pair: Checkpoints<StoredModel>) {}

  /** Fills `target`, which has `count` elements. @throws WorkbenchError as the weight reader does */
  async read({ name, first, count, source, keep }: WeightRead, target: Float32Array): Promise<ReadCost> {
    const pieces: Piece[] = []
    for (let offset = 0; offset < count; offset += PIECE_ELEMENTS) {
      const size = Math.min(PIECE_ELEMENTS, count - offset)
      for (const origin of originsOf(source)) pieces.push({ origin, first: first + offset, count: size, offset })
    }
    let bytesRead = 0
    let convertMs = 0
    for (const origin of keep) bytesRead += await this.keep(origin, name)
    const load = async (index: number): Promise<Uint8Array | null> => {
      const piece = pieces[index]
      if (piece === undefined) return null
      const { reader, dtype } = memberOf(this.pair, piece.origin)
      const width = DTYPE_BYTES[dtype(name)]
      const keptBytes = this.keptTensors.get(`${piece.origin}/${name}`)
      if (keptBytes !== undefined) return keptBytes.subarray(piece.first * width, (piece.first + piece.count) * width)
      const bytes = elementAt(this.stored, index % 2, 'buffer').reserve(piece.count * width)
      await reader.readInto(name, piece.first * width, bytes)
      bytesRead += this.storedShare(piece.origin, name, bytes.byteLength)
      return bytes
    }
    let nextBytes = load(0)
    for (const [index, piece] of pieces.entries()) {
      const bytes = await nextBytes
      nextBytes = load(index + 1)
      // A read that fails while this piece is decoded must not count as unhandled.
      nextBytes.catch(() => undefined)
      if (bytes === null) continue
      const startedMs = performance.now()
      this.decode(name, piece, source, bytes, target)
      convertMs += performance.now() - startedMs
    }
    for (const origin of originsOf(source)) {
      if (!keep.includes(origin)) this.keptTensors.delete(`${origin}/${name}`)
    }
    return { bytesRead: Math.round(bytesRead), convertMs }
  }

  /** Returns how many bytes of the file were read for these bytes of a tensor. Quantised files store fewer. */
  private storedShare(origin: Origin, name: string, bytes: number): number {
    const entry = mapGet(memberOf(this.pair, origin).checkpoint.tensors, name, 'tensor')
    return entry.byteLength === 0 ? 0 : (bytes * storedTensorBytes(entry)) / entry.byteLength
  }

  /** Reads a whole tensor and keeps its bytes. @returns bytes read from the file */
  private async keep(origin: Origin, name: string): Promise<number> {
    const key = `${origin}/${name}`
    if (this.keptTensors.has(key)) return 0
    const bytes = await memberOf(this.pair, origin).reader.read(name)
    this.keptTensors.set(key, bytes)
    return this.storedShare(origin, name, bytes.byteLength)
  }

  /** Decodes a piece into the target. In a blend, the source's piece comes first and post's is blended into it. */
  private decode(
    name: string,
    { origin, offset, count }: Piece,
    source: WeightRead['source'],
    bytes: Uint8Array,
    target: Float32Array
  ): void {
    const part = target.subarray(offset, offset + count)
    if (typeof source === 'string') {
      decodeFloat32(bytes, memberOf(this.pair, origin).dtype(name), part)
      return
    }
    if ('terms' in source) {
      this.addTerm(name, source, origin, bytes, part)
      return
    }
    const { from, strength } = source
    const dtypes = { source: memberOf(this.pair, from).dtype(name), post: this.pair.post.dtype(name) }
    if (origin === from) {
      decodeFloat32(bytes, dtypes.source, part)
      if (strength === 1) restoreValues(part, null, strength, dtypes)
    } else {
      restoreValues(part, this.decoded(bytes, dtypes.post, count), strength, dtypes)
    }
  }

  /** Adds a term to a sum, whose last term rounds it to post's dtype. */
  private addTerm(name: string, { terms }: Sum, origin: Origin, bytes: Uint8Array, target: Float32Array): void {
    const term = terms.findIndex((other) => other.origin === origin)
    const { weight } = elementAt(terms, term, 'term')
    const values = this.decoded(bytes, memberOf(this.pair, origin).dtype(name), target.length)
    if (term === 0) target.fill(0)
    for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? NaN) + weight * (values[i] ?? NaN)
    if (term === terms.length - 1) roundFloat32(target, this.pair.post.dtype(name))
  }

  private decoded(bytes: Uint8Array, dtype: WeightDtype, count: number): Float32Array {
    if (this.blend.length < count) this.blend = new Float32Array(count)
    const values = this.blend.subarray(0, count)
    decodeFloat32(bytes, dtype, values)
    return values
  }
}

/** Lists the checkpoints whose stored bytes a read needs. Post comes last, because it is blended into the other one. */
export function originsOf(source: WeightRead['source']): readonly Origin[] {
  if (typeof source === 'string') return [source]
  if ('terms' in source) return source.terms.map(({ origin }) => origin)
  return source.strength === 1 ? [source.from] : [source.from, 'post']
}
