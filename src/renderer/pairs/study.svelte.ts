import type { StudyState } from '../../contract/documents/study'
import type { OpenProject } from '../app/open-project.svelte'

/** How far the newest study is that the command line runs, or ran, into the project. */
export class Study {
  /** Null where none was, and until it is known. */
  state = $state.raw<StudyState | null>(null)
  private watching: AbortController | null = null

  constructor(private readonly project: OpenProject) {}

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
