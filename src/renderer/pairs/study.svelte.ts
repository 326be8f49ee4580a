import type { StudyState } from '../../contract/documents/study'
import { Following } from '../app/following'
import type { OpenProject } from '../app/open-project.svelte'
import { saveText } from '../ui/save-file'

/** How far the newest study is that the command line runs, or ran, into the project. */
export class Study {
  /** Null where none was, and until it is known. */
  state = $state.raw<StudyState | null>(null)
  /** Whether the file of what was done by hand is being written. */
  busy = $state(false)
  /** What the file that was written last leaves out of what was done; null before the first. */
  leftOut = $state.raw<readonly string[] | null>(null)
  private readonly following: Following

  constructor(private readonly project: OpenProject) {
    this.following = new Following(project)
  }

  /** Offers the user a study's file of what was done in the project. */
  async write(): Promise<void> {
    const { client, path } = this.project
    this.busy = true
    const file = await this.project.attempt(() => client.studies.write({ path }))
    this.busy = false
    if (file === null) return
    this.leftOut = file.leftOut
    saveText(file.fileName, file.content, 'text/yaml')
  }

  /** Follows it, when the project is opened and whenever the connection was made anew. */
  attach(): Promise<void> {
    const { client, path } = this.project
    return this.following.follow(
      (signal) => client.studies.watch({ path }, { signal }),
      (state) => (this.state = state)
    )
  }
}
