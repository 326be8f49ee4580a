/** What an entry of the program, desktop or browser, brings to the workbench. */

/** What to show first: a project, the demo, or with neither the start view. */
export interface InitialProject {
  project: string | null
  demo: boolean
}

export interface Entry {
  entry: 'desktop' | 'browser'
  initial: InitialProject
  /** The native folder dialog, where there is one; null when it was cancelled. */
  pickFolder?: (title: string) => Promise<string | null>
}
