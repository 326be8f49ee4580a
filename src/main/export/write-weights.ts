import { open } from 'node:fs/promises'
import type { TensorEntry } from '../checkpoint/safetensors'
import { writeProblem } from '../base/files/atomic-file'
import { type Advance, ByteCopier, type OpenFile, writeExactly } from './byte-copy'
import { isCopied, type PlannedTensor, type PlannedWeights } from './plan'
import { restoredBytes } from './restored-bytes'
import type { SourceFiles } from './source-files'

/** Writes one weight file as planned and flushes it to the disk, in constant memory. @param path a new file */
export async function writeWeights(
  weights: PlannedWeights,
  path: string,
  sources: SourceFiles,
  advance: Advance
): Promise<void> {
  await writeFlushed(path, async (target) => {
    const copier = new ByteCopier()
    for (const span of spansOf(weights)) {
      if (span.kind === 'header') {
        await writeExactly(target, span.bytes, 0)
        await advance(span.bytes.byteLength)
      } else if (span.kind === 'copied') {
        const source = await sources.open(span.file)
        await copier.copy(source, span.offset, target, span.position, span.byteLength, advance)
      } else {
        let position = span.tensor.post.offset
        for await (const piece of restoredBytes(span.tensor, sources)) {
          await writeExactly(target, piece, position)
          position += piece.byteLength
          await advance(piece.byteLength)
        }
      }
    }
  })
}

/** Creates a file, calls `write` with it, and flushes the file to the disk once at the end. */
export async function writeFlushed(path: string, write: (target: OpenFile) => Promise<void>): Promise<void> {
  const handle = await open(path, 'wx').catch((error: unknown) => {
    throw writeProblem(path, error)
  })
  try {
    await write({ handle, path })
    await handle.sync().catch((error: unknown) => {
      throw writeProblem(path, error)
    })
  } finally {
    await handle.close()
  }
}

/** A part of a weight file that is written at once. A copied span is read at `offset` and written at `position`. */
type Span =
  | { kind: 'header'; bytes: Uint8Array }
  | { kind: 'copied'; file: string; offset: number; position: number; byteLength: number }
  | { kind: 'computed'; tensor: PlannedTensor & { restored: TensorEntry } }

/** Yields a file's header and tensors in order. Tensors that are adjacent in one source form one span. */
function* spansOf({ source, header, headerBytes, tensors }: PlannedWeights): Generator<Span> {
  if (header !== null) yield { kind: 'header', bytes: header }
  const copiedHeader = header === null ? headerBytes : 0
  // The span of bytes to copy that is not complete yet. It begins with post's header.
  let run = { kind: 'copied' as const, file: source, offset: 0, position: 0, byteLength: copiedHeader }
  for (const tensor of tensors) {
    const { origin, post, restored } = tensor
    if (restored !== null && !isCopied(origin)) {
      yield run
      yield { kind: 'computed', tensor: { ...tensor, restored } }
      const position = post.offset + post.byteLength
      run = { kind: 'copied', file: source, offset: position, position, byteLength: 0 }
      continue
    }
    const { file, offset, byteLength } = restored ?? post
    if (file === run.file && offset === run.offset + run.byteLength) {
      run = { ...run, byteLength: run.byteLength + byteLength }
    } else {
      yield run
      run = { kind: 'copied', file, offset, position: post.offset, byteLength }
    }
  }
  yield run
}
