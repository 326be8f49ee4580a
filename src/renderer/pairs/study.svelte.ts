import type { StudyState } from '../../contract/documents/study'
import { Subscription } from '../app/subscription'
import type { OpenProject } from '../app/open-project.svelte'

/** State of the newest study that the command line runs, or ran, into the project. */
export class StudyProgress {
  /** Null where there is none, and until it is known. */
  state = $state.raw<StudyState | null>(null)
  private readonly following: Subscription

  constructor(private readonly project: OpenProject) {
    this.following = new Subscription(project)
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
