import type { StudyState } from '../../../contract/documents/study'
import { Subscription } from '../../app/subscription'
import type { OpenProject } from '../../app/open-project.svelte'

/** State of the newest study that the command line runs, or ran, into the project. */
export class StudyProgress {
  /** Null if there is no study, and until main has answered. */
  state = $state.raw<StudyState | null>(null)
  private readonly subscription: Subscription

  constructor(private readonly project: OpenProject) {
    this.subscription = new Subscription(project)
  }

  /** Follows the study. Called when the project is opened and after every reconnect. */
  attach(): Promise<void> {
    const { client, path } = this.project
    return this.subscription.follow(
      (signal) => client.studies.watch({ path }, { signal }),
      (state) => (this.state = state)
    )
  }
}
