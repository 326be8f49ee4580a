import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { fileError, requireValid, unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { DTYPE_BYTES, isStoredDtype, StoredDtype, SUB_BYTE_DTYPES } from './dtype'
import { LFS_POINTER } from '../base/files/bounded-json'
import { parseJsonObject, quoteName } from '../base/json-object'
import { fileState, openWeightFile, readExactly } from './weight-file'

/** Limit of a header. Qwen3 30B-A3B in GPTQ has 1.8 MB. The reference allows 100 MB, which malicious files may use. */
const MAX_HEADER_BYTES = 4_000_000
const MAX_HEADER_NAMES = 100_000
/** Bytes of the header's length, at the start of a file. */
const LENGTH_BYTES = 8

/** A tensor in a file, as its header describes it. */
const StoredTensor = z.object({
  name: z.string(),
  dtype: StoredDtype,
  shape: z.array(z.number()),
  /** Absolute path. */
  file: z.string(),
  /** First byte in the file. */
  offset: z.number(),
  byteLength: z.number()
})
export type StoredTensor = z.infer<typeof StoredTensor>

/** Builds the error of a tensor. @param what completes "tensor ..." */
export const badTensor = ({ file, name }: StoredTensor, what: string, hint?: string): WorkbenchError =>
  fileError(`${file}: tensor ${quoteName(name)} ${what}.`, hint)

/** The stored tensors of a quantised weight: weight = (code - zero point) × scale, with one scale for each block. */
const Scaled = z.object({
  /** The stored numbers. */
  codes: StoredTensor,
  kind: z.enum(['F8_E4M3', 'I8', 'I4']),
  /**
   * Storage of the codes: bytes, or words of 32 bits with the first code in the lowest bits, along rows or columns. AWQ
   * stores the transposed weight, with a word for 8 of its rows.
   */
  layout: z.enum(['bytes', 'rows', 'columns', 'awq']),
  scales: StoredTensor,
  /** Rows and columns of a block. */
  block: z.tuple([z.number(), z.number()]),
  /** Packed zero points, to which `added` is added. Null if zero is the middle of the codes. */
  zeros: z.object({ tensor: StoredTensor, added: z.union([z.literal(0), z.literal(1)]) }).nullable(),
  /**
   * The group of each column: columns of a group share scales. Null if groups are consecutive. The config may demand
   * groups of one size (`even`) or consecutive groups (`consecutive`).
   */
  groups: z.object({ tensor: StoredTensor, order: z.enum(['any', 'even', 'consecutive']) }).nullable()
})
export type Scaled = z.infer<typeof Scaled>

/** A weight and the factors of an adapter (see adapter-tensors). */
const Adapted = z.object({
  /** The weight without the adapter. */
  weight: StoredTensor.extend({ scaled: Scaled.optional() }),
  a: StoredTensor,
  b: StoredTensor,
  scale: z.number(),
  /** True if the product is the transposed weight, as for embeddings. */
  isEmbedding: z.boolean()
})

/** A tensor to compute with. For quantised or adapted weights, dtype, shape and bytes are of the decoded tensor. */
export const TensorEntry = StoredTensor.extend({ scaled: Scaled.optional(), adapted: Adapted.optional() })
export type TensorEntry = z.infer<typeof TensorEntry>

export interface SafetensorsHeader {
  /** Sorted by offset. */
  tensors: TensorEntry[]
  headerSha256: string
  headerBytes: number
  fileBytes: number
  /** Time of the file's last change, to detect a later one. */
  modifiedMs: number
}

const count = z.number().int().nonnegative()
/** Stored tensors of published models have at most 5 dimensions. Messages list all of them. */
const MAX_DIMENSIONS = 16
const TensorInfo = z.object({
  dtype: z.string(),
  shape: z.array(count).max(MAX_DIMENSIONS),
  data_offsets: z.tuple([count, count])
})
const FileMetadata = z.record(z.string(), z.string()).nullish()

/** Reads and checks the header of a safetensors file, without its weights. @throws WorkbenchError naming the fault */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  const handle = await openWeightFile(file)
  try {
    const { bytes: fileBytes, modifiedMs } = await fileState(handle)
    const header = await readHeaderBytes(handle, file, fileBytes)
    const tensors = parseHeader(header, file, fileBytes)
    const headerSha256 = createHash('sha256').update(header).digest('hex')
    return { tensors, headerSha256, headerBytes: header.byteLength, fileBytes, modifiedMs }
  } finally {
    await handle.close()
  }
}

async function readHeaderBytes(handle: FileHandle, file: string, fileBytes: number): Promise<Uint8Array> {
  if (fileBytes < LENGTH_BYTES) {
    throw fileError(`${file} has ${fileBytes} bytes, too few for a safetensors file.`, INCOMPLETE_HINT)
  }
  const lengthBytes = Buffer.alloc(LENGTH_BYTES)
  await readExactly(handle, file, lengthBytes, 0)
  const headerBytes = lengthBytes.readBigUInt64LE()
  if (headerBytes > MAX_HEADER_BYTES) {
    if (lengthBytes.toString() === 'version ') throw fileError(`${file} is not a safetensors file: ${LFS_POINTER}`)
    throw fileError(
      `${file} gives its header ${headerBytes} bytes, expected at most ${MAX_HEADER_BYTES}: this is not a ` +
        'safetensors file of a model that can be read.',
      'The download may have failed: fetch the file again.'
    )
  }
  if (headerBytes > fileBytes - LENGTH_BYTES) {
    throw fileError(
      `${file} is truncated: its header has ${headerBytes} bytes, but only ${fileBytes - LENGTH_BYTES} follow.`,
      INCOMPLETE_HINT
    )
  }
  const header = new Uint8Array(Number(headerBytes))
  await readExactly(handle, file, header, LENGTH_BYTES)
  return header
}

function parseHeader(header: Uint8Array, file: string, fileBytes: number): TensorEntry[] {
  if (header[0] !== '{'.charCodeAt(0)) {
    throw fileError(`${file}: the header does not start with "{": this is not a safetensors file.`)
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(header)
  } catch {
    throw fileError(`${file}: the header is not UTF-8 text.`)
  }
  // Entries instead of look-ups treat a malicious name such as "__proto__" like any other.
  const entries = Object.entries(parseJsonObject(text, `${file}: the header`, MAX_HEADER_NAMES))
  const metadata = FileMetadata.safeParse(entries.find(([name]) => name === '__metadata__')?.[1])
  requireValid(metadata, (issue) => fileError(`${file}: __metadata__ must be a map of strings: ${issue}.`))
  const dataStart = LENGTH_BYTES + header.byteLength
  const tensors = entries
    .filter(([name]) => name !== '__metadata__')
    .map(([name, info]) => tensorEntry(name, info, file, dataStart))
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)
  checkCoverage(tensors, file, dataStart, fileBytes)
  return tensors
}

function tensorEntry(name: string, stored: unknown, file: string, dataStart: number): TensorEntry {
  const what = `${file}: tensor ${quoteName(name)}`
  const {
    dtype,
    shape,
    data_offsets: [begin, end]
  } = requireValid(TensorInfo.safeParse(stored), (issue) => fileError(`${what}: ${issue}.`))
  if (SUB_BYTE_DTYPES.includes(dtype)) {
    throw unsupportedError(
      `${what} is stored as ${dtype}, which packs several values into a byte and is not supported.`,
      'Use the unquantised checkpoint (F32, F16 or BF16).'
    )
  }
  if (!isStoredDtype(dtype)) {
    throw fileError(
      `${what} has the unknown dtype ${quoteName(dtype)}, expected one of ${Object.keys(DTYPE_BYTES).join(', ')}.`
    )
  }
  if (end < begin) throw fileError(`${what} ends at byte ${end} of the data, before it starts (${begin}).`)
  const byteLength = tensorBytes(what, dtype, shape)
  if (end - begin !== byteLength) {
    throw fileError(
      `${what} has ${end - begin} bytes, expected ${byteLength} for ${dtype} of shape [${shape.join(', ')}].`
    )
  }
  return { name, dtype, shape, file, offset: dataStart + begin, byteLength }
}

/** Computes the bytes of a tensor. They must be below 2^53, up to which numbers are exact. */
function tensorBytes(what: string, dtype: StoredDtype, shape: readonly number[]): number {
  let bytes: number = DTYPE_BYTES[dtype]
  for (const size of shape) {
    bytes *= size
    if (!Number.isSafeInteger(bytes)) {
      throw fileError(`${what} has the shape [${shape.slice(0, 16).join(', ')}], more than any file can hold.`)
    }
  }
  return bytes
}

/** Checks that tensors cover the data without holes and overlaps. @param tensors sorted by offset */
function checkCoverage(tensors: readonly TensorEntry[], file: string, dataStart: number, fileBytes: number): void {
  let position = dataStart
  for (const { name, offset, byteLength } of tensors) {
    if (offset !== position) {
      const what =
        offset > position ? `leaves a hole of ${offset - position} bytes before it` : 'overlaps the one before it'
      throw fileError(
        `${file}: tensor ${quoteName(name)} ${what}: it starts at byte ${offset - dataStart} of the data, ` +
          `expected ${position - dataStart}.`
      )
    }
    position += byteLength
  }
  if (position > fileBytes) {
    throw fileError(
      `${file} is truncated: it has ${fileBytes} bytes, expected ${position}; tensor ` +
        `${quoteName(firstIncomplete(tensors, fileBytes))} is not complete.`,
      INCOMPLETE_HINT
    )
  }
  if (position < fileBytes) {
    throw fileError(
      `${file} has ${fileBytes - position} bytes after its last tensor: ${fileBytes}, expected ${position}.`
    )
  }
}

function firstIncomplete(tensors: readonly TensorEntry[], fileBytes: number): string {
  return tensors.find((tensor) => tensor.offset + tensor.byteLength > fileBytes)?.name ?? ''
}

const INCOMPLETE_HINT = 'The download or copy is incomplete: fetch the file again.'

/** Encodes the header of a file that holds tensors in this order: its length, then JSON, padded to 8 bytes. */
export function safetensorsHeader(
  tensors: readonly Pick<StoredTensor, 'name' | 'dtype' | 'shape' | 'byteLength'>[]
): Uint8Array {
  let end = 0
  const entries = tensors.map(({ name, dtype, shape, byteLength }) => {
    const begin = end
    end += byteLength
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const
  })
  const text = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }))
  const padded = Buffer.alloc(LENGTH_BYTES + Math.ceil(text.byteLength / 8) * 8, ' ')
  padded.writeBigUInt64LE(BigInt(padded.byteLength - LENGTH_BYTES))
  text.copy(padded, LENGTH_BYTES)
  return padded
}
