import type { PairId, RecentProject } from '../../contract/documents/project'
import type { Shell } from './shell'

/** What an entry of the program, desktop or browser, brings to the workbench. */

/** What to show first: a project, the demo, or with neither the start view. */
export interface InitialProject {
  project: string | null
  /** Of the project; left out: its first. */
  pair?: PairId | undefined
  demo: boolean
}

export interface Entry {
  entry: 'desktop' | 'browser'
  initial: InitialProject
  /** The native folder dialog, where there is one; null when it was cancelled. `start` may be empty. */
  pickFolder?: (title: string, start: string) => Promise<string | null>
  /** What lies around the page, where that is not a browser. */
  shell?: Shell
  /** Hears the recent projects whenever the page reads them. */
  onRecent?: (recents: readonly RecentProject[]) => void
}
