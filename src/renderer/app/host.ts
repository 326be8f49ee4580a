import type { Complaint } from '../ui/complaint'
import type { Folds } from '../ui/folds.svelte'
import type { StoredSwitch } from '../ui/stored-switch.svelte'
import type { Client } from './connection'
import type { PairId } from '../../contract/documents/project'
import type { Here, OpenProject } from './open-project.svelte'
import type { Place, View } from './place'

export type AppInfo = Awaited<ReturnType<Client['app']['info']>>

/** A place in a pair: a view, and the model that Ranges shows. */
export type PairPlace = Pick<Place, 'model'> & { view: View }

/** What an open project needs of the window around it. */
export interface Host {
  /** The line to main: anew after each reconnect, so ask for it at every use. @throws Error before the first connection */
  readonly client: Client
  readonly connected: boolean
  /** Null until main has told. */
  readonly info: AppInfo | null
  complain(complaint: Complaint): void
  /** Tells the user what was thrown, whatever that is. */
  complainOf(error: unknown): void
  /** The view that is shown. */
  readonly view: View
  readonly folds: Folds
  /** Controls whether a full-answer check follows each sweep that this window starts. */
  readonly checksAfterSweep: StoredSwitch
  go(view: View): void
  /** Makes what is shown now a place that Back leads to. */
  visit(): void
  /** The pair that is shown; null without a project. */
  readonly session: OpenProject | null
  /** Shows a pair of the open project. @returns whether it is shown */
  showPair(pair: PairId, at?: PairPlace): Promise<boolean>
  /** Shows the first pair of the project in place of one that is there no more. */
  leavePair(gone: Here): Promise<void>
  /** Shows a stored result of the view. */
  look(id: string): Promise<void>
}
