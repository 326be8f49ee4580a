import type { StudyState } from '../../contract/documents/study'
import { Following } from '../app/following'
import type { OpenProject } from '../app/open-project.svelte'

/** State of the newest study that the command line runs, or ran, into the project. */
export class Study {
  /** Null where there is none, and until it is known. */
  state = $state.raw<StudyState | null>(null)
  private readonly following: Following

  constructor(private readonly project: OpenProject) {
    this.following = new Following(project)
  }

  /** Follows the study, when the project is opened and after every new connection. */
  attach(): Promise<void> {
    const { client, path } = this.project
    return this.following.follow(
      (signal) => client.studies.watch({ path }, { signal }),
      (state) => (this.state = state)
    )
  }
}
