import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { elementAt } from '../../contract/model/look-up'
import { fileError, inputError, type WorkbenchError } from '../../contract/model/problem'
import { sourcesOf } from '../../contract/model/strengths'
import type { LowRankRequest, LowRankResult } from '../../contract/procedures/weights'
import { writeProblem } from '../base/files/atomic-file'
import { throwIfCancelled } from '../base/files/cancelling'
import { quoteName } from '../base/json-object'
import {
  decodeFloat32,
  DTYPE_BYTES,
  encodeFloat32,
  roundFloat32,
  type WeightDtype,
  weightDtype
} from '../checkpoint/dtype'
import { type ChangedTensor, lowRankHeader, planLowRank } from '../checkpoint/low-rank-plan'
import { readSameOther } from '../checkpoint/other-checkpoint'
import { readPair } from '../checkpoint/pair'
import { membersOf, type PairMember, type SourcedPair, sourceMember } from '../checkpoint/pair-member'
import { restoreValues } from '../checkpoint/restored-tensor'
import { openWeightReader, type WeightReader } from '../checkpoint/weight-reader'
import type { BytesRead } from '../../contract/procedures/weights'
import { MatrixProducts, type StoredMatrix } from './matrix-products'
import { type LowRankFactors, truncatedSvd } from './truncated-svd'

/** Writes a restoration as low-rank adapters. Each weight is decomposed once, and only one is in memory at a time. */
export async function writeLowRank(
  { base, post, strengths, savesNormsAndBiases, files }: LowRankRequest,
  signal: AbortSignal | undefined,
  onBytes: (progress: BytesRead) => void
): Promise<LowRankResult> {
  const members = await readPair(base, post)
  const others = new Map<string, PairMember>()
  for (const source of sourcesOf(strengths)) others.set(source.path, await readSameOther(members.post, source))
  const pair = { ...members, others }
  const plan = planLowRank(pair, strengths)
  const bytesTotal = 2 * plan.factored.reduce((sum, tensor) => sum + tensor.post.byteLength, 0)
  const tensors = new ChangedTensors(pair)
  const products = await MatrixProducts.open()
  const adapters = await openAll(files.map(({ path, rank }) => new AdapterFile(path, rank)))
  const largestRank = Math.max(...files.map(({ rank }) => rank))
  let squares = 0
  let bytesDone = 0
  try {
    for (const adapter of adapters)
      await adapter.write(lowRankHeader(plan, { rank: adapter.rank, savesNormsAndBiases }))
    for (const tensor of plan.factored) {
      throwIfCancelled(signal, 'The adapter')
      onBytes({ type: 'progress', bytesDone, bytesTotal })
      const difference = await tensors.difference(tensor)
      squares += difference.values.reduce((sum, value) => sum + value * value, 0)
      const factors = await truncatedSvd(products, difference, largestRank)
      for (const adapter of adapters) await adapter.addFactors(factors, tensor.dtype)
      bytesDone += 2 * tensor.post.byteLength
    }
    for (const tensor of savesNormsAndBiases ? plan.whole : []) {
      const bytes = encode(await tensors.restored(tensor), tensor.dtype)
      for (const adapter of adapters) await adapter.write(bytes)
    }
    if (squares === 0) throw inputError('Base and post are equal in these layers, so there is nothing to restore.')
    return { files: await Promise.all(adapters.map((adapter) => adapter.end(squares))) }
  } finally {
    await Promise.all([products.close(), tensors.close(), ...adapters.map((adapter) => adapter.close())])
  }
}

/** Reads tensors of post, and the same tensors as a recipe restores them. */
class ChangedTensors {
  private readonly readers: ReadonlyMap<PairMember, WeightReader>

  constructor(private readonly pair: SourcedPair) {
    this.readers = new Map(membersOf(pair).map((member) => [member, openWeightReader(member.checkpoint)]))
  }

  /** Returns a weight as the recipe restores it, minus post's weight. */
  async difference(tensor: ChangedTensor): Promise<StoredMatrix> {
    const post = await this.values(this.pair.post, tensor)
    const values = await this.restored(tensor, post)
    for (const [i, value] of values.entries()) values[i] = value - elementAt(post, i, 'weight')
    const [rows, columns] = tensor.post.shape
    if (rows === undefined || columns === undefined) throw new Error(`${tensor.name} is no matrix`)
    return { rows, columns, values }
  }

  /** Returns a tensor as an export of the whole model would store it. @param post post's values, if they were read */
  async restored(tensor: ChangedTensor, post?: Float32Array): Promise<Float32Array> {
    const { name, strength, layer, dtype } = tensor
    const source = sourceMember(this.pair, layer)
    const values = await this.values(source, tensor)
    const entry = source.checkpoint.tensors.get(name)
    if (entry === undefined) throw new Error(`${name} is missing`)
    const dtypes = { source: weightDtype(entry), post: dtype }
    restoreValues(values, post ?? (await this.values(this.pair.post, tensor)), strength, dtypes)
    if (values.every(Number.isFinite)) return values
    throw notFinite(entry.file, entry.name)
  }

  async close(): Promise<void> {
    await Promise.all([...this.readers.values()].map((reader) => reader.close()))
  }

  private async values(member: PairMember, { name }: ChangedTensor): Promise<Float32Array> {
    const entry = member.checkpoint.tensors.get(name)
    const reader = this.readers.get(member)
    if (entry === undefined || reader === undefined) throw new Error(`${name} is missing`)
    const dtype = weightDtype(entry)
    const bytes = await reader.read(name)
    const values = new Float32Array(bytes.byteLength / DTYPE_BYTES[dtype])
    decodeFloat32(bytes, dtype, values)
    if (values.every(Number.isFinite)) return values
    throw notFinite(entry.file, entry.name)
  }
}

const notFinite = (file: string, name: string): WorkbenchError =>
  fileError(
    `${file}: tensor ${quoteName(name)} contains NaN or infinity, of which there is no low-rank adapter.`,
    'Leave its layer out, or fetch the file again.'
  )

/** Encodes values in a model's dtype. The values are rounded in place. */
function encode(values: Float32Array, dtype: WeightDtype): Uint8Array {
  roundFloat32(values, dtype)
  const bytes = new Uint8Array(values.length * DTYPE_BYTES[dtype])
  encodeFloat32(values, dtype, bytes)
  return bytes
}

/** A safetensors file of an adapter, written from its start to its end. */
class AdapterFile {
  private handle: FileHandle | null = null
  private readonly hash: Hash = createHash('sha256')
  private bytes = 0
  /** Squared Frobenius norm of the differences that the adapter represents. */
  private keptSquares = 0

  constructor(
    private readonly path: string,
    readonly rank: number
  ) {}

  async open(): Promise<this> {
    this.handle = await open(this.path, 'wx').catch((error: unknown) => {
      throw writeProblem(this.path, error)
    })
    return this
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.hash.update(bytes)
    this.bytes += bytes.byteLength
    await this.handle?.writeFile(bytes).catch((error: unknown) => {
      throw writeProblem(this.path, error)
    })
  }

  /** Adds LoRA's A [rank, columns] and B [rows, rank], with zeros if the weight has fewer directions than the rank. */
  async addFactors({ left, right, singularValues }: LowRankFactors, dtype: WeightDtype): Promise<void> {
    const { rank } = this
    const directions = Math.min(rank, left.rows)
    const a = new Float32Array(rank * right.columns)
    a.set(right.values.subarray(0, directions * right.columns))
    const b = new Float32Array(left.columns * rank)
    for (let row = 0; row < left.columns; row++)
      for (let k = 0; k < directions; k++) b[row * rank + k] = elementAt(left.values, k * left.columns + row, 'factor')
    this.keptSquares += singularValues.slice(0, directions).reduce((sum, value) => sum + value * value, 0)
    await this.write(encode(a, dtype))
    await this.write(encode(b, dtype))
  }

  /** Flushes the file. @param squares squared Frobenius norm of all differences @returns facts about the adapter */
  async end(squares: number): Promise<LowRankResult['files'][number]> {
    await this.handle?.sync()
    const { rank, path, bytes } = this
    const normShare = Math.min(1, Math.sqrt(this.keptSquares / squares))
    return { rank, path, bytes, sha256: this.hash.digest('hex'), normShare }
  }

  async close(): Promise<void> {
    await this.handle?.close()
    this.handle = null
  }
}

/** Opens all files; closes the opened ones if one fails. */
async function openAll(files: readonly AdapterFile[]): Promise<AdapterFile[]> {
  const opened = await Promise.allSettled(files.map((file) => file.open()))
  for (const result of opened) {
    if (result.status === 'fulfilled') continue
    await Promise.all(files.map((file) => file.close()))
    throw result.reason
  }
  return [...files]
}
