import { NOT_CONNECTED } from './state-words'
import { SvelteSet } from 'svelte/reactivity'
import type { PairId, ProjectState } from '../../contract/documents/project'
import { mapGet } from '../../contract/model/look-up'
import type { FolderListing } from '../../contract/procedures/folders'
import { complaintOf, type Complaint } from '../ui/complaint'
import { isField } from '../ui/typing'
import { Folds } from '../ui/folds.svelte'
import { StoredSwitch } from '../ui/stored-switch.svelte'
import { Start } from '../models/start/start.svelte'
import { singleKeySwitches } from './commands'
import { type Client, type Connect, type Connection } from './connection'
import type { AppInfo, Host, PairPlace } from './host'
import { Latest } from './latest.svelte'
import { DEFAULT_LOOK, type Place, readPlace, type StepId, stepOf, STEPS, type View } from './place'
import type { PairAddress } from './open-project.svelte'
import { Session } from './session.svelte'
import { followShell } from './shell'

const FIRST_VIEWS: ReadonlyMap<StepId, View> = new Map(STEPS.map(({ id, views }) => [id, views[0]]))

const RECONNECT_MS = [500, 1000, 2000, 4000, 8000]

interface FolderListings {
  /**
   * @param restMs waits before the request, for a path that is typed
   * @returns null if another question or {@link drop} came first
   */
  ask(path: string | null, restMs?: number): Promise<{ answer: FolderListing } | null>
  drop(): void
}

/** State of the window: the connection to main, the open project, the view and complaints. */
export class Workbench implements Host {
  private connection = $state.raw<Connection | null>(null)
  info = $state.raw<AppInfo | null>(null)
  /** The open session; null without a project. */
  session = $state.raw<Session | null>(null)
  private shownView = $state<View>('models')
  /** True if the user chose a view that a project being opened must keep. */
  private isViewChosen = false
  private answerTab = $state<View>('chat')
  readonly step = $derived.by<StepId>(() => stepOf(this.view))
  complaints = $state.raw<readonly Complaint[]>([])
  private readonly dismissedWarnings = new SvelteSet<string>()
  /** Failed attempts to reconnect; null while connected. */
  lostAttempts = $state<number | null>(null)
  opening = $state(false)
  /** Number of changes of place. A project that finishes opening after a later change is not shown. */
  private turn = 0
  /** Folders of projects that main has opened, and that no session closes yet. */
  private opened: readonly string[] = []
  /** The open dialog, among the dialogs that menus can open. */
  dialog = $state<'help' | 'report' | 'browse' | 'history' | 'settings' | null>(null)

  readonly start = new Start(this)
  readonly singleKeys = singleKeySwitches()
  /** Controls whether a full-answer check follows each sweep that this window starts. */
  readonly checksAfterSweep = new StoredSwitch('slr-checks-after-sweep')
  readonly folds = new Folds()

  /** Address of the shown place; null without a project. */
  readonly address = $derived.by(() => {
    if (this.session === null) return null
    const { session, view } = this
    const { current, newest } = session.resultsOf(view) ?? { current: null, newest: null }
    // A result that is still being read keeps its place in the address.
    const id = current ?? session.awaitedAt(view)
    return session.placeOf(view, { shown: id === newest ? null : id, ...session.lookOf(view) })
  })

  /** Warnings of the opened project that the user has not dismissed. */
  readonly warnings = $derived.by(
    () => this.session?.state.warnings.filter((warning) => !this.dismissedWarnings.has(warning)) ?? []
  )

  constructor(private readonly connect: Connect) {}

  get view(): View {
    return this.shownView
  }

  set view(view: View) {
    if (view !== this.shownView) this.session?.forgetVanished()
    this.shownView = view
    if (stepOf(view) === 'answers') this.answerTab = view
  }

  /** Returns the view that a step opens with: the last tab of Answers, the first view of other steps. */
  entryOf(step: StepId): View {
    return step === 'answers' ? this.answerTab : mapGet(FIRST_VIEWS, step, 'step')
  }

  get connected(): boolean {
    return this.connection !== null && this.lostAttempts === null
  }

  /** @throws Error before the first connection */
  get client(): Client {
    if (this.connection === null) throw new Error(NOT_CONNECTED)
    return this.connection.client
  }

  /** Connects, restores the project the window showed, and reconnects for as long as the window lives. */
  async run(): Promise<never> {
    for (let attempt = 0; ;) {
      try {
        const connection = await this.connect()
        this.connection = connection
        this.lostAttempts = null
        attempt = 0
        void this.restore()
        await connection.closed
      } catch {
        attempt += 1
      }
      this.lostAttempts = attempt
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)]))
    }
  }

  private async restore(): Promise<void> {
    const info = await this.attempt(() => this.client.app.info())
    if (info === null) return
    this.info = info
    if (info.entry === 'desktop') void followShell(this)
    const target = readPlace(window.location.hash)
    const addressed = target.project === null ? null : hereOf(target.project, target.pair)
    const initial = info.initialProject === null ? null : hereOf(info.initialProject, info.initialPair)
    const here = this.session?.here ?? addressed ?? initial
    // A view that was chosen while the page loaded stays. After a lost connection the address names the view.
    if (this.session !== null) this.isViewChosen = false
    if (here === null) await this.start.refresh()
    else await this.openAt(() => this.client.projects.open(here), { ...target, view: target.view ?? 'ranges' })
  }

  /** Follows Back and Forward of the browser. A project that is being opened is given up. */
  async followAddress(): Promise<void> {
    // The first connection opens the project that the address names.
    if (this.connection === null) return
    // An open dialog stays open, because leaving the place would discard its fields.
    if (document.querySelector('dialog[open]') !== null) {
      this.visit()
      return
    }
    // Leaving the field saves it.
    if (isField(document.activeElement)) document.activeElement.blur()
    const target = readPlace(window.location.hash)
    const { project: path, pair } = target
    const { session } = this
    this.isViewChosen = false
    const isOther = path !== session?.path || (pair ?? session?.state.pairs[0]?.id) !== session?.here.pair
    if (path !== null && isOther) {
      await this.openAt(() => this.client.projects.open(hereOf(path, pair)), {
        ...target,
        view: target.view ?? 'ranges'
      })
      return
    }
    this.turn += 1
    this.opening = false
    this.view = target.view ?? 'models'
    await session?.showPlace({ ...target, view: this.view })
  }

  /**
   * Lists folders for a dialog, where a request aborts the one before.
   *
   * @param closed aborted when the dialog is closed
   */
  folderListings(closed: AbortSignal): FolderListings {
    const listings = new Latest<string>(() => closed)
    return {
      ask: (path, restMs) =>
        listings.ask(path ?? '', (signal) => this.client.folders.list({ path }, { signal }), restMs),
      drop: () => listings.drop()
    }
  }

  /** Runs a call and reports its failure. @returns null if it failed */
  async attempt<Result>(call: () => Promise<Result>): Promise<Result | null> {
    try {
      return await call()
    } catch (error) {
      this.complainOf(error)
      return null
    }
  }

  complainOf(error: unknown): void {
    // A lost connection has its own notice, so calls that it ended do not complain too. They may fail a moment before
    // the loss is known.
    const complaint = complaintOf(error)
    const showNow = (): void => {
      if (this.connected) this.complain(complaint)
    }
    if (complaint.code === 'defect') setTimeout(showNow)
    else showNow()
  }

  complain(complaint: Complaint): void {
    // A lost line has its own notice.
    if (complaint.code === 'lost') return
    if (!this.complaints.some((known) => known.message === complaint.message)) {
      this.complaints = [...this.complaints, complaint]
    }
  }

  /** Copies a text to the clipboard. @returns false if the window cannot, which is reported */
  async copy(text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      this.complain({ code: 'defect', message: 'The clipboard cannot be reached from this window.' })
      return false
    }
  }

  dismiss(complaint: Complaint): void {
    this.complaints = this.complaints.filter((other) => other !== complaint)
  }

  dismissWarning(warning: string): void {
    this.dismissedWarnings.add(warning)
  }

  go(view: View): void {
    this.view = view
    this.isViewChosen = true
    this.visit()
    // The open project may have new results.
    if (view === 'models') void this.start.refresh()
  }

  async showResult(id: string): Promise<void> {
    const showing = this.session?.resultsOf(this.view)?.show(id)
    this.visit()
    await showing
  }

  /** Adds the place to the browser's history, for Back. */
  visit(): void {
    if (this.address !== null && this.address !== window.location.hash) window.history.pushState(null, '', this.address)
  }

  async open(call: () => Promise<ProjectState>, view: View = 'ranges', model: string | null = null): Promise<boolean> {
    this.isViewChosen = false
    return this.openAt(call, { ...DEFAULT_LOOK, view, shown: null, model }, () => this.visit())
  }

  private async openAt(
    call: () => Promise<ProjectState>,
    place: Omit<Place, 'project' | 'pair'> & { view: View },
    shown: () => void = () => undefined
  ): Promise<boolean> {
    this.turn += 1
    const { turn } = this
    this.opening = true
    const viewBefore = this.view
    const state = await this.attempt(call)
    if (state !== null) this.opened = [...this.opened, state.path]
    if (turn === this.turn) {
      this.opening = false
      // Opening a project changes the list of recent ones, even if it failed.
      void this.start.refresh()
      if (state !== null) await this.leaveFor(state)
    }
    if (state === null || turn !== this.turn) {
      void this.closeUnshown()
      return false
    }
    const shownBefore = this.session
    const same = shownBefore?.here.pair === state.document.id
    const session = shownBefore !== null && same ? shownBefore : new Session(this, state)
    // The session is set at once, so that the view is never empty.
    this.session = session
    if (same) session.accept(state)
    else shownBefore?.leave()
    // A view that was chosen while the project was opened stays.
    const chosen = this.isViewChosen || this.view !== viewBefore
    this.isViewChosen = false
    session.attach(chosen ? { ...place, view: this.view, shown: null } : place)
    if (!chosen) this.view = place.view
    shown()
    void this.closeUnshown()
    return true
  }

  /** Closes the projects that were opened and then given up for another place. */
  private async closeUnshown(): Promise<void> {
    if (this.opening) return
    const paths = this.opened.filter((path) => path !== this.session?.path)
    this.opened = []
    await Promise.all(paths.map((path) => this.attempt(() => this.client.projects.close({ path }))))
  }

  /** Closes the open project. A running sweep or sample run goes on in main. */
  async leave(): Promise<void> {
    const { session } = this
    if (session === null) return
    // Reports failed saves before the project is gone.
    await session.saveEdits()
    this.session = null
    this.dismissedWarnings.clear()
    session.leave()
    await this.attempt(() => this.client.projects.close({ path: session.path }))
  }

  /** Leaves the open project, or the shown pair if the other pair is of the same project. */
  private async leaveFor({ path, document: { id } }: ProjectState): Promise<void> {
    if (this.session?.path !== path) await this.leave()
    else if (this.session.here.pair !== id) await this.session.saveEdits()
  }

  /** Shows a pair of the open project. @param at the place in the pair; by default the shown view */
  async showPair(pair: PairId, at?: PairPlace): Promise<boolean> {
    const path = this.session?.path
    if (path === undefined) return false
    // Edits are saved first, because both pairs may share an edited value.
    await this.session?.saveEdits()
    const { view, model } = at ?? { view: this.view, model: null }
    return this.open(() => this.client.projects.open({ path, pair }), view, model)
  }

  async leavePair(gone: PairAddress): Promise<void> {
    if (this.session?.path !== gone.path || this.session.here.pair !== gone.pair) return
    await this.open(() => this.client.projects.open({ path: gone.path }), this.view)
  }

  /** Saves all edits and waits for all writes. @returns whether edits wait for the user */
  async saveEdits(): Promise<boolean> {
    return (await this.session?.saveEdits()) ?? false
  }
}

const hereOf = (path: string, pair: PairId | null): { path: string; pair?: PairId } =>
  pair === null ? { path } : { path, pair }
