import type { KeptCheckpoint } from '../../contract/documents/project'
import type { OtherCheckpointReport } from '../../contract/documents/pair'
import { changedSince } from '../app/history.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** The checkpoints that the project compares beside its pair: added, renamed, moved and removed. */
export class OtherCheckpoints {
  constructor(private readonly project: OpenProject) {}

  /** Looks at a folder beside the project's pair. @throws what main says against it */
  async inspect(folder: string): Promise<OtherCheckpointReport> {
    return this.project.client.pair.inspectOther({ ...this.project.here, folder })
  }

  private find(id: string): { kept: KeptCheckpoint; place: number } | null {
    const { otherCheckpoints } = this.project.state.document
    const place = otherCheckpoints.findIndex((checkpoint) => checkpoint.id === id)
    const kept = otherCheckpoints[place]
    return kept === undefined ? null : { kept, place }
  }

  /** As it is now, unless it is another than `known`. @throws WorkbenchError `stale` */
  private unchanged(known: KeptCheckpoint): { kept: KeptCheckpoint; place: number } {
    const now = this.find(known.id)
    if (now === null || now.kept.name !== known.name || now.kept.path !== known.path)
      throw changedSince(`the checkpoint “${known.name}”`)
    return now
  }

  private async take(kept: KeptCheckpoint): Promise<void> {
    this.unchanged(kept)
    await this.project.write((here) => this.project.client.checkpoints.remove({ ...here, id: kept.id }))
  }

  private async putBack(kept: KeptCheckpoint, place: number): Promise<void> {
    await this.project.write((here) => this.project.client.checkpoints.putBack({ ...here, kept, place }))
  }

  /** Adds what lies in a folder, or takes it as it is now where the project has that folder already. */
  async add(folder: string): Promise<boolean> {
    const before = this.project.state.document.otherCheckpoints
    const added = await this.project.save((here) => this.project.client.checkpoints.add({ ...here, folder }))
    if (!added) return false
    const { otherCheckpoints } = this.project.state.document
    const place = otherCheckpoints.findIndex(({ id }) => before.every((known) => known.id !== id))
    const kept = otherCheckpoints[place]
    if (kept !== undefined) {
      this.project.history.record({
        what: `add “${kept.name}”`,
        undo: () => this.take(kept),
        redo: () => this.putBack(kept, place)
      })
    }
    return true
  }

  async rename(id: string, name: string): Promise<void> {
    const before = this.find(id)
    const rename = async (to: string): Promise<void> =>
      this.project.write((here) => this.project.client.checkpoints.rename({ ...here, id, name: to }))
    const renamed = await this.project.attempt(async () => {
      await rename(name)
      return true
    })
    const after = this.find(id)
    if (renamed === null || before === null || after === null) return
    this.project.history.record({
      what: `rename “${before.kept.name}” to “${after.kept.name}”`,
      undo: () => rename((this.unchanged(after.kept), before.kept.name)),
      redo: () => rename((this.unchanged(before.kept), after.kept.name))
    })
  }

  /** Names the folder where a checkpoint is now, and takes what lies there for it. */
  async relocate(id: string, folder: string): Promise<void> {
    await this.project.save((here) => this.project.client.checkpoints.relocate({ ...here, id, folder }))
  }

  async remove(id: string): Promise<void> {
    const found = this.find(id)
    if (found === null) return
    const { kept, place } = found
    const removed = await this.project.save((here) => this.project.client.checkpoints.remove({ ...here, id }))
    if (!removed) return
    this.project.history.record({
      what: `remove “${kept.name}”`,
      message: `Removed “${kept.name}”`,
      undo: () => this.putBack(kept, place),
      redo: () => this.take(kept)
    })
  }
}
