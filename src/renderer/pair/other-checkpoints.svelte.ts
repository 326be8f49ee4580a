import type { OtherCheckpointReport } from '../../contract/documents/pair'
import type { Workbench } from '../app/workbench.svelte'

/** The checkpoints that the project compares beside its pair: added, renamed, moved and removed. */
export class OtherCheckpoints {
  constructor(private readonly workbench: Workbench) {}

  /** Looks at a folder beside the project's pair. @throws what main says against it */
  async inspect(folder: string): Promise<OtherCheckpointReport> {
    const path = this.workbench.project?.path
    if (path === undefined) throw new Error('no project is open')
    return this.workbench.client.pair.inspectOther({ path, folder })
  }

  /** Adds what lies in a folder, or takes it as it is now where the project has that folder already. */
  async add(folder: string): Promise<boolean> {
    return this.workbench.save((path) => this.workbench.client.checkpoints.add({ path, folder }))
  }

  async rename(id: string, name: string): Promise<void> {
    await this.workbench.save((path) => this.workbench.client.checkpoints.rename({ path, id, name }))
  }

  /** Names the folder where a checkpoint is now, and takes what lies there for it. */
  async relocate(id: string, folder: string): Promise<void> {
    await this.workbench.save((path) => this.workbench.client.checkpoints.relocate({ path, id, folder }))
  }

  async remove(id: string): Promise<void> {
    const checkpoints = this.workbench.project?.document.otherCheckpoints ?? []
    const place = checkpoints.findIndex((checkpoint) => checkpoint.id === id)
    const kept = checkpoints[place]
    if (kept === undefined) return
    const removed = await this.workbench.save((path) =>
      this.workbench.client.checkpoints.remove({ path, id })
    )
    if (!removed) return
    this.workbench.offerUndo({
      message: `Removed “${kept.name}”`,
      undo: () =>
        void this.workbench.save((path) => this.workbench.client.checkpoints.putBack({ path, kept, place }))
    })
  }
}
