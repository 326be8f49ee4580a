import type { PairId, RecentProject } from '../../contract/documents/project'
import type { DemoPair } from '../../contract/model/demo-pair'
import type { Shell } from './shell'

/** The page that the window shows first: a project, the demo, or the start view if neither is named. */
export interface InitialProject {
  project: string | null
  /** Pair of the project; left out: its first. */
  pair?: PairId | undefined
  /** The built-in pair whose project is shown; left out for none. */
  demo?: DemoPair | undefined
}

/** Services that an entry of the program, desktop or browser, gives the workbench. */
export interface Entry {
  entry: 'desktop' | 'browser'
  initial: InitialProject
  /**
   * Opens the native folder dialog; null if the user cancels it. Missing in a browser.
   *
   * @param start folder that the dialog shows first; may be empty
   */
  pickFolder?: (title: string, start: string) => Promise<string | null>
  /** Window around the page; left out in a browser. */
  shell?: Shell
  /** Receives the recent projects whenever the page reads them. */
  onRecent?: (recents: readonly RecentProject[]) => void
}
