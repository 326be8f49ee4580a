import type { StudyState } from '../../contract/documents/study'
import type { OpenProject } from '../app/open-project.svelte'
import { saveText } from '../ui/save-file'

/** How far the newest study is that the command line runs, or ran, into the project. */
export class Study {
  /** Null where none was, and until it is known. */
  state = $state.raw<StudyState | null>(null)
  /** Whether the file of what was done by hand is being written. */
  busy = $state(false)
  private watching: AbortController | null = null

  constructor(private readonly project: OpenProject) {}

  /** Offers the user a study's file of what was done in the project. */
  async write(): Promise<void> {
    const { client, path } = this.project
    this.busy = true
    const file = await this.project.attempt(() => client.studies.write({ path }))
    this.busy = false
    if (file !== null) saveText(file.fileName, file.content, 'text/yaml')
  }

  /** Follows it, when the project is opened and whenever the connection was made anew. */
  async attach(): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    const { client, path, left } = this.project
    const signal = AbortSignal.any([watching.signal, left])
    try {
      for await (const state of await client.studies.watch({ path }, { signal })) {
        if (!signal.aborted) this.state = state
      }
    } catch (error) {
      // A connection that was lost is made anew, and the study followed again.
      if (!signal.aborted && this.project.connected) this.project.complainOf(error)
    }
  }
}
