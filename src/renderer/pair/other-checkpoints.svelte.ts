import type { KeptCheckpoint } from '../../contract/documents/project'
import type { OtherCheckpointReport } from '../../contract/documents/pair'
import { changedSince } from '../app/history.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** Checkpoints that the project compares with its pair. */
export class OtherCheckpoints {
  constructor(private readonly project: OpenProject) {}

  /**
   * Inspects a folder with the project's pair.
   *
   * @throws the error of main
   */
  async inspect(folder: string): Promise<OtherCheckpointReport> {
    return this.project.client.pair.inspectOther({ ...this.project.here, folder })
  }

  private find(id: string): { checkpoint: KeptCheckpoint; index: number } | null {
    const { otherCheckpoints } = this.project.state.document
    const index = otherCheckpoints.findIndex((checkpoint) => checkpoint.id === id)
    const checkpoint = otherCheckpoints[index]
    return checkpoint === undefined ? null : { checkpoint, index }
  }

  /**
   * Returns the current entry of a checkpoint.
   *
   * @throws WorkbenchError `stale` if it has another name or path
   */
  private unchanged(expected: KeptCheckpoint): { checkpoint: KeptCheckpoint; index: number } {
    const now = this.find(expected.id)
    if (now === null || now.checkpoint.name !== expected.name || now.checkpoint.path !== expected.path)
      throw changedSince(`the checkpoint “${expected.name}”`)
    return now
  }

  private async take(checkpoint: KeptCheckpoint): Promise<void> {
    this.unchanged(checkpoint)
    await this.project.write((here) => this.project.client.checkpoints.remove({ ...here, id: checkpoint.id }))
  }

  private async putBack(checkpoint: KeptCheckpoint, index: number): Promise<void> {
    await this.project.write((here) =>
      this.project.client.checkpoints.putBack({ ...here, kept: checkpoint, place: index })
    )
  }

  /** Adds a folder. If the project has the folder already, its present contents are accepted. */
  async add(folder: string): Promise<boolean> {
    const before = this.project.state.document.otherCheckpoints
    const added = await this.project.save((here) => this.project.client.checkpoints.add({ ...here, folder }))
    if (!added) return false
    const { otherCheckpoints } = this.project.state.document
    const index = otherCheckpoints.findIndex(({ id }) => before.every((other) => other.id !== id))
    const checkpoint = otherCheckpoints[index]
    if (checkpoint !== undefined) {
      this.project.history.record({
        what: `add “${checkpoint.name}”`,
        undo: () => this.take(checkpoint),
        redo: () => this.putBack(checkpoint, index)
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
      what: `rename “${before.checkpoint.name}” to “${after.checkpoint.name}”`,
      undo: () => rename((this.unchanged(after.checkpoint), before.checkpoint.name)),
      redo: () => rename((this.unchanged(before.checkpoint), after.checkpoint.name))
    })
  }

  /** Sets the folder of a checkpoint and accepts its present contents. */
  async relocate(id: string, folder: string): Promise<void> {
    await this.project.save((here) => this.project.client.checkpoints.relocate({ ...here, id, folder }))
  }

  async remove(id: string): Promise<void> {
    const entry = this.find(id)
    if (entry === null) return
    const { checkpoint, index } = entry
    const removed = await this.project.save((here) => this.project.client.checkpoints.remove({ ...here, id }))
    if (!removed) return
    this.project.history.record({
      what: `remove “${checkpoint.name}”`,
      message: `Removed “${checkpoint.name}”`,
      undo: () => this.putBack(checkpoint, index),
      redo: () => this.take(checkpoint)
    })
  }
}
