import type { ProjectState } from '../../../contract/documents/project'
import type { OtherCheckpointReport } from '../../../contract/documents/pair'
import type { OpenProject } from '../../app/open-project.svelte'

/** The checkpoints that the project compares with its pair: added, renamed, moved and removed. */
export class OtherCheckpoints {
  constructor(private readonly project: OpenProject) {}

  /** Inspects a folder beside the project's pair. @throws the reason why main refuses */
  async inspect(folder: string): Promise<OtherCheckpointReport> {
    return this.project.client.pair.inspectOther({ ...this.project.here, folder })
  }

  /** Adds the checkpoint in a folder. If the project has a checkpoint of this folder, updates it. */
  async add(folder: string): Promise<boolean> {
    const before = this.project.state.document.otherCheckpoints
    return this.project.do(
      ({ document: { otherCheckpoints } }) => {
        const added = otherCheckpoints.find(({ id }) => before.every((other) => other.id !== id))
        return added === undefined ? `update the checkpoint in ${folder}` : `add “${added.name}”`
      },
      (here) => this.project.client.checkpoints.add({ ...here, folder })
    )
  }

  async rename(id: string, name: string): Promise<void> {
    const before = nameIn(this.project.state, id)
    await this.project.do(
      (state) => `rename “${before}” to “${nameIn(state, id)}”`,
      (here) => this.project.client.checkpoints.rename({ ...here, id, name })
    )
  }

  /** Sets the current folder of a checkpoint, and stores the checkpoint there. */
  async relocate(id: string, folder: string): Promise<void> {
    await this.project.do(`relocate “${nameIn(this.project.state, id)}”`, (here) =>
      this.project.client.checkpoints.relocate({ ...here, id, folder })
    )
  }

  async remove(id: string): Promise<void> {
    const name = nameIn(this.project.state, id)
    await this.project.do(`remove “${name}”`, (here) => this.project.client.checkpoints.remove({ ...here, id }), {
      message: `Removed “${name}”`
    })
  }
}

const nameIn = ({ document }: ProjectState, id: string): string =>
  document.otherCheckpoints.find((checkpoint) => checkpoint.id === id)?.name ?? ''
