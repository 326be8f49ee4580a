import type { OtherCheckpoint } from '../../contract/crc'
import type { OtherCheckpointReport } from '../../contract/pair'
import { withAdded, withRelocated, withRenamedCheckpoint } from '../other-checkpoints'
import type { Workbench } from './workbench.svelte'

/** The checkpoints that the project compares beside its pair: added, renamed, moved and removed. */
export class OtherCheckpoints {
  constructor(private readonly workbench: Workbench) {}

  /** Looks at a folder beside the project's pair. @throws what main says against it */
  async inspect(folder: string): Promise<OtherCheckpointReport> {
    const path = this.workbench.project?.path
    if (path === undefined) throw new Error('no project is open')
    return this.workbench.client.pair.inspectOther({ path, folder })
  }

  async add(folder: string, report: OtherCheckpointReport): Promise<void> {
    await this.change((checkpoints) => withAdded(checkpoints, folder, report))
  }

  /** Adds what lies in a folder, or takes it as it is now where the project has that folder already. */
  async addFolder(folder: string): Promise<boolean> {
    const report = await this.workbench.attempt(() => this.inspect(folder))
    if (report === null) return false
    await this.change((checkpoints) => {
      const index = checkpoints.findIndex(({ path }) => path === folder)
      return index === -1
        ? withAdded(checkpoints, folder, report)
        : withRelocated(checkpoints, index, folder, report.checkpoint.fingerprint)
    })
    return true
  }

  async rename(index: number, name: string): Promise<void> {
    await this.change((checkpoints) => withRenamedCheckpoint(checkpoints, index, name))
  }

  /** Names the folder where a checkpoint is now, and takes what lies there for it. */
  async relocate(index: number, folder: string, { checkpoint }: OtherCheckpointReport): Promise<void> {
    await this.change((checkpoints) => withRelocated(checkpoints, index, folder, checkpoint.fingerprint))
  }

  async remove(index: number): Promise<void> {
    const removed = this.workbench.project?.document.otherCheckpoints[index]
    if (removed === undefined) return
    await this.change((checkpoints) => checkpoints.toSpliced(index, 1))
    this.workbench.offerUndo({
      message: `Removed “${removed.name}”`,
      undo: () => void this.change((checkpoints) => checkpoints.toSpliced(index, 0, removed))
    })
  }

  private async change(edit: (checkpoints: readonly OtherCheckpoint[]) => OtherCheckpoint[]): Promise<void> {
    await this.workbench.change(({ otherCheckpoints }) => ({ otherCheckpoints: edit(otherCheckpoints) }))
  }
}
