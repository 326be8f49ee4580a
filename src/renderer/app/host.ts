import type { Complaint } from '../ui/complaint'
import type { Folds } from '../ui/folds.svelte'
import type { StoredSwitch } from '../ui/stored-switch.svelte'
import type { Client } from './connection'
import type { PairId } from '../../contract/documents/project'
import type { PairAddress, OpenProject } from './open-project.svelte'
import type { Place, View } from './place'

export type AppInfo = Awaited<ReturnType<Client['app']['info']>>

export type PairPlace = Pick<Place, 'model'> & { view: View }

/** The window, as an open project needs it. */
export interface Host {
  /**
   * Connection to main. It changes with each reconnect, so read it at every use.
   *
   * @throws Error before the first connection
   */
  readonly client: Client
  readonly connected: boolean
  /** Null until main has answered. */
  readonly info: AppInfo | null
  complain(complaint: Complaint): void
  complainOf(error: unknown): void
  dismiss(complaint: Complaint): void
  readonly view: View
  readonly folds: Folds
  /** Controls whether a full-answer check follows each sweep that this window starts. */
  readonly checksAfterSweep: StoredSwitch
  go(view: View): void
  /** Adds the shown place to the browser's history, for Back. */
  visit(): void
  readonly session: OpenProject | null
  /** Shows a pair of the open project. @returns whether it is shown */
  showPair(pair: PairId, at?: PairPlace): Promise<boolean>
  /** Shows the first pair of the project in place of a removed one. */
  leavePair(gone: PairAddress): Promise<void>
  /** Shows a stored result of the view. */
  showResult(id: string): Promise<void>
}
