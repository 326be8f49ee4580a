import type { FileHandle } from 'node:fs/promises'
import { AdaptedReader } from '../checkpoint/adapted-reader'
import { DTYPE_BYTES } from '../checkpoint/dtype'
import type { StoredTensor, TensorEntry } from '../checkpoint/safetensors'
import { changedFile, fileState, openWeightFile, readExactly } from '../checkpoint/weight-file'
import type { OpenFile } from './byte-copy'
import { membersOf, type SourcedPair } from '../checkpoint/pair-member'

/** Reads the weight files of the models that an export is made from. Each is opened at its first use. */
export class SourceFiles {
  private readonly handles = new Map<string, Promise<FileHandle>>()
  private readonly adapted = new AdaptedReader(
    (tensor, skip, target) => this.readBytes(tensor, skip, target),
    (weight, first, target) => this.readElements(weight, first, target)
  )
  private readonly states: ReadonlyMap<string, { bytes: number; modifiedMs: number }>

  constructor(pair: SourcedPair) {
    this.states = new Map(
      membersOf(pair).flatMap(({ checkpoint }) => checkpoint.files.map((file) => [file.path, file]))
    )
  }

  /** Opens a file. @throws WorkbenchError `not-found`; `bad-file` if it has changed since its header was read */
  async open(path: string): Promise<OpenFile> {
    const open = this.handles.get(path)
    if (open !== undefined) return { handle: await open, path }
    const opening = openWeightFile(path)
    this.handles.set(path, opening)
    const handle = await opening
    await this.refuseChanged({ handle, path })
    return { handle, path }
  }

  /** Fills `target` with a tensor from element `first` on, in its dtype. The product of an adapter is added. */
  async readElements(entry: TensorEntry, first: number, target: Uint8Array): Promise<void> {
    const { adapted, dtype } = entry
    if (adapted !== undefined) await this.adapted.fill(entry, adapted, first, target)
    else await this.readBytes(entry, first * DTYPE_BYTES[dtype], target)
  }

  private async readBytes({ file, offset }: StoredTensor, skip: number, target: Uint8Array): Promise<void> {
    const { handle, path } = await this.open(file)
    await readExactly(handle, path, target, offset + skip)
  }

  /** Checks all files again after the last read, because a file may have changed meanwhile. */
  async refuseAnyChanged(): Promise<void> {
    for (const [path, open] of this.handles) await this.refuseChanged({ handle: await open, path })
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.handles.values())
    this.handles.clear()
    for (const result of opened) if (result.status === 'fulfilled') await result.value.close()
  }

  private async refuseChanged({ handle, path }: OpenFile): Promise<void> {
    const expected = this.states.get(path)
    const { bytes, modifiedMs } = await fileState(handle)
    if (expected?.bytes === bytes && expected.modifiedMs === modifiedMs) return
    throw changedFile(path, bytes, expected?.bytes)
  }
}
