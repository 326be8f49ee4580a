import type { NonFiniteTensor } from '../../contract/documents/non-finite'
import { fileError, type WorkbenchError } from '../../contract/model/problem'
import { Scratch } from '../base/scratch'
import { isWeightDtype } from '../checkpoint/dtype'
import { NonFiniteCount } from '../checkpoint/non-finite'
import { quoteName } from '../base/json-object'
import { readSafetensorsHeader } from '../checkpoint/safetensors'
import { openWeightFile, readExactly } from '../checkpoint/weight-file'
import { type Advance, chunks, type OpenFile } from './byte-copy'
import type { CopiedFile } from './copied-files'
import { isCopied, type PlannedTensor, type PlannedWeights } from './plan'
import { restoredBytes } from './restored-bytes'
import type { SourceFiles } from './source-files'

/**
 * Reads a written file back and compares every byte with its source.
 *
 * @returns tensors that hold NaN or infinity
 * @throws WorkbenchError `bad-file` naming the first difference
 */
export async function verifyWeights(
  weights: PlannedWeights,
  path: string,
  sources: SourceFiles,
  advance: Advance
): Promise<NonFiniteTensor[]> {
  const { tensors, fileBytes } = await readSafetensorsHeader(path)
  const isAsPlanned =
    fileBytes === weights.bytes &&
    tensors.length === weights.tensors.length &&
    tensors.every(({ name, offset }, index) => {
      const planned = weights.tensors[index]?.post
      return name === planned?.name && offset === planned.offset
    })
  if (!isAsPlanned) throw differs(path, 'the header')
  const handle = await openWeightFile(path)
  try {
    const written = new WrittenFile({ handle, path })
    if (weights.header !== null) {
      await written.requireBytes('the header', 0, weights.header)
      await advance(weights.header.byteLength)
    } else {
      const post = await sources.open(weights.source)
      await written.requireCopy('the header', 0, post, 0, weights.headerBytes, advance)
    }
    const nonFinite: NonFiniteTensor[] = []
    for (const tensor of weights.tensors) {
      const { name, dtype, shape } = tensor.post
      const count = isWeightDtype(dtype) ? new NonFiniteCount({ name, shape, file: weights.name }, dtype) : null
      await verifyTensor(tensor, written, sources, advance, (bytes) => count?.add(bytes))
      const nonFiniteValues = count?.result ?? null
      if (nonFiniteValues !== null) nonFinite.push(nonFiniteValues)
    }
    return nonFinite
  } finally {
    await handle.close()
  }
}

/** Compares a copied file with its source, read again. @throws WorkbenchError as {@link verifyWeights} */
export async function verifyCopy({ path: source, bytes }: CopiedFile, path: string, advance: Advance): Promise<void> {
  const [original, copy] = [await openWeightFile(source), await openWeightFile(path)]
  try {
    if ((await copy.stat()).size !== bytes) throw differs(path, 'the file')
    const written = new WrittenFile({ handle: copy, path })
    await written.requireCopy('the file', 0, { handle: original, path: source }, 0, bytes, advance)
  } finally {
    await Promise.all([original.close(), copy.close()])
  }
}

/** Compares one tensor. @param onBytes receives the tensor's bytes in pieces */
async function verifyTensor(
  tensor: PlannedTensor,
  written: WrittenFile,
  sources: SourceFiles,
  advance: Advance,
  onBytes: (bytes: Uint8Array) => void
): Promise<void> {
  const { origin, post, restored } = tensor
  const what = `tensor ${quoteName(post.name)}`
  if (restored === null || isCopied(origin)) {
    const { file, offset, byteLength } = restored ?? post
    await written.requireCopy(what, post.offset, await sources.open(file), offset, byteLength, advance, onBytes)
    return
  }
  let position = post.offset
  for await (const piece of restoredBytes({ ...tensor, restored }, sources)) {
    await written.requireBytes(what, position, piece)
    onBytes(piece)
    position += piece.byteLength
    await advance(piece.byteLength)
  }
}

/** A written file, with two buffers of one chunk to compare it with its sources. */
class WrittenFile {
  private readonly readBack = new Scratch()
  private readonly expected = new Scratch()

  constructor(private readonly file: OpenFile) {}

  /** Compares bytes from `position` on with bytes of a source from `offset` on. */
  async requireCopy(
    what: string,
    position: number,
    source: OpenFile,
    offset: number,
    byteLength: number,
    advance: Advance,
    onBytes: (bytes: Uint8Array) => void = () => undefined
  ): Promise<void> {
    for (const { skip, length } of chunks(byteLength)) {
      const expected = this.expected.reserve(length)
      await readExactly(source.handle, source.path, expected, offset + skip)
      await this.requireBytes(what, position + skip, expected)
      onBytes(expected)
      await advance(length)
    }
  }

  /** Compares bytes from `position` on with at most one chunk of expected bytes. */
  async requireBytes(what: string, position: number, expected: Uint8Array): Promise<void> {
    const bytes = this.readBack.reserve(expected.byteLength)
    await readExactly(this.file.handle, this.file.path, bytes, position)
    if (Buffer.compare(bytes, expected) !== 0) throw differs(this.file.path, what)
  }
}

function differs(path: string, what: string): WorkbenchError {
  return fileError(
    `${path}: ${what} does not read back as it was written.`,
    'Nothing was exported. The disk or its connection may be failing: try another one.'
  )
}
