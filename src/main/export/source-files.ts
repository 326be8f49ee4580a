import type { FileHandle } from 'node:fs/promises'
import { changedFile, fileState, openWeightFile } from '../checkpoint/weight-file'
import type { OpenFile } from './byte-copy'
import { membersOf, type SourcedPair } from '../checkpoint/pair-member'

/** The files of weights that an export is made of, open for reading; each is opened when first needed. */
export class SourceFiles {
  private readonly handles = new Map<string, FileHandle>()
  private readonly states: ReadonlyMap<string, { bytes: number; modifiedMs: number }>

  constructor(pair: SourcedPair) {
    this.states = new Map(
      membersOf(pair).flatMap(({ checkpoint }) => checkpoint.files.map((file) => [file.path, file]))
    )
  }

  /** @throws WorkbenchError `not-found`; `bad-file` when the file is not the one whose header was read */
  async open(path: string): Promise<OpenFile> {
    const known = this.handles.get(path)
    if (known !== undefined) return { handle: known, path }
    const handle = await openWeightFile(path)
    this.handles.set(path, handle)
    await this.refuseChanged({ handle, path })
    return { handle, path }
  }

  /** Again when all is read: a writer may have been at a file meanwhile. */
  async refuseAnyChanged(): Promise<void> {
    for (const [path, handle] of this.handles) await this.refuseChanged({ handle, path })
  }

  async close(): Promise<void> {
    for (const handle of this.handles.values()) await handle.close()
    this.handles.clear()
  }

  private async refuseChanged({ handle, path }: OpenFile): Promise<void> {
    const expected = this.states.get(path)
    const { bytes, modifiedMs } = await fileState(handle)
    if (expected?.bytes === bytes && expected.modifiedMs === modifiedMs) return
    throw changedFile(path, bytes, expected?.bytes)
  }
}
