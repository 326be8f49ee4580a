import type { FileHandle } from 'node:fs/promises'
import { changedFile, fileState, openWeightFile } from '../checkpoint/weight-file'
import type { OpenFile } from './byte-copy'
import { membersOf, type SourcedPair } from '../checkpoint/pair-member'

/** Source weight files of an export, open for reading. Each is opened at its first use. */
export class SourceFiles {
  private readonly handles = new Map<string, FileHandle>()
  private readonly states: ReadonlyMap<string, { bytes: number; modifiedMs: number }>

  constructor(pair: SourcedPair) {
    this.states = new Map(
      membersOf(pair).flatMap(({ checkpoint }) => checkpoint.files.map((file) => [file.path, file]))
    )
  }

  /** @throws WorkbenchError `not-found`; `bad-file` if the file has changed since its header was read */
  async open(path: string): Promise<OpenFile> {
    const openHandle = this.handles.get(path)
    if (openHandle !== undefined) return { handle: openHandle, path }
    const handle = await openWeightFile(path)
    this.handles.set(path, handle)
    await this.refuseChanged({ handle, path })
    return { handle, path }
  }

  /** Checks all files again after the last read, because a file may have changed meanwhile. */
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
