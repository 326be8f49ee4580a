import { SvelteSet } from 'svelte/reactivity'
import type { ProjectChanges, ProjectState } from '../../contract/documents/project'
import { type Client, type Connect, type Connection } from './connection'
import { complaintOf, type Complaint } from '../ui/complaint'
import { followShell } from './shell'
import type { WindowJob } from './window-job'
import { placeHash, readPlace, type Step } from './place'
import { Checksums } from '../pair/checksums.svelte'
import { Evaluations } from '../evaluate/evaluations.svelte'
import { Distances } from '../pair/distances.svelte'
import { Exports } from '../export/exports.svelte'
import { OtherCheckpoints } from '../pair/other-checkpoints.svelte'
import { Prompts } from '../prompts/prompts.svelte'
import { Ranges } from '../ranges/ranges.svelte'
import { Samples } from '../samples/samples.svelte'
import { Start } from '../start/start.svelte'
import { ValuesCheck } from '../pair/values-check.svelte'

type AppInfo = Awaited<ReturnType<Client['app']['info']>>

/** Something that was just done and can be taken back. */
export interface Undoable {
  message: string
  undo: () => void
}

/** Stored results of one kind, by their ids. */
interface StoredResults {
  /** Null when there is none. */
  readonly newest: string | null
  /** The one that is shown, or read to be shown. */
  readonly current: string | null
  show(id: string): Promise<unknown>
}

const RECONNECT_MS = [500, 1000, 2000, 4000, 8000]

/** What every view shares: the line to main, the open project, the step, and what to tell the user. */
export class Workbench {
  private connection = $state.raw<Connection | null>(null)
  info = $state.raw<AppInfo | null>(null)
  project = $state.raw<ProjectState | null>(null)
  step = $state<Step>('start')
  complaints = $state.raw<readonly Complaint[]>([])
  private readonly dismissedWarnings = new SvelteSet<string>()
  undoable = $state.raw<Undoable | null>(null)
  /** Failed attempts to reach main since the line was lost; null while it stands. */
  lostAttempts = $state<number | null>(null)
  /** Changes on their way to disk. */
  saving = $state(0)
  opening = $state(false)
  /** Of the dialogs that menus open too, the one that is shown. */
  dialog = $state<'help' | 'report' | 'new' | 'browse' | null>(null)

  readonly start = new Start(this)
  readonly distances = new Distances(this)
  readonly checksums = new Checksums(this)
  readonly values = new ValuesCheck(this)
  readonly others = new OtherCheckpoints(this)
  readonly prompts = new Prompts(this)
  readonly ranges = new Ranges(this)
  readonly samples = new Samples(this)
  readonly evaluations = new Evaluations(this)
  readonly exports = new Exports(this)

  /** What the step shows one of; null for a step that shows no stored results. */
  private readonly results = $derived.by<StoredResults | null>(() => {
    if (this.step === 'ranges') return this.ranges
    if (this.step === 'samples') return this.samples
    return this.step === 'evaluate' ? this.evaluations : null
  })

  /** Of the place where the user is; null without a project. */
  readonly address = $derived.by(() => {
    if (this.project === null) return null
    const { current = null, newest = null } = this.results ?? {}
    return placeHash(this.project.path, this.step, current === newest ? null : current)
  })

  /** What was left out or changed when the project was opened, but for what the user has put away. */
  readonly warnings = $derived.by(
    () => this.project?.warnings.filter((warning) => !this.dismissedWarnings.has(warning)) ?? []
  )

  /** Every kind of job; of several that run, the top bar and the title tell of the first. */
  private readonly jobs: readonly WindowJob[] = [
    this.ranges.job,
    this.ranges.search.job,
    this.ranges.check.job,
    this.samples.job,
    this.evaluations.job,
    this.evaluations.judging,
    this.exports.job,
    this.samples.check,
    this.distances.job,
    this.checksums.job,
    this.values.job
  ]

  /** What runs now, for the top bar and the title. */
  readonly job = $derived(this.jobs.find(({ progress }) => progress !== null) ?? null)

  /** Whether the open project can be changed. */
  readonly writable = $derived(this.project !== null && this.project.readOnly === null)

  /** What runs of the project by another window and cannot be followed in this one, in words; null when nothing does. */
  readonly elsewhere = $derived.by(() => {
    const running = this.project?.running ?? []
    if (running.includes('recipe score') && !this.ranges.scoring) return 'A recipe is being scored elsewhere.'
    if (running.includes('character check') && !this.samples.check.busy)
      return 'The character task is being checked elsewhere.'
    if (running.includes('judging') && !this.evaluations.judging.busy)
      return 'Answers are being judged elsewhere.'
    return null
  })

  /** Why nothing that needs the engine can begin now; null when it can. @param then what would begin, by its own job */
  whyNot(then: string, own?: WindowJob): string | null {
    if (this.project === null || !this.connected) return 'The workbench is not connected.'
    if (this.project.readOnly !== null) return 'This project cannot be saved, so results could not be kept.'
    if (this.project.pair?.compatible !== true) return 'The pair cannot be computed; see the Pair step.'
    const running = this.jobs.find(({ holdsEngine, busy }) => holdsEngine !== null && busy)
    if (running === undefined) return this.elsewhere
    return `${running.holdsEngine}${running === own ? '.' : `; ${then} when that is done.`}`
  }

  private changes: Promise<unknown> = Promise.resolve()
  private watching: AbortController | null = null
  private undoTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly connect: Connect) {}

  get connected(): boolean {
    return this.connection !== null && this.lostAttempts === null
  }

  /** @throws Error before the first connection */
  get client(): Client {
    if (this.connection === null) throw new Error('The workbench is not connected yet.')
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
      await new Promise((resolve) =>
        setTimeout(resolve, RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)])
      )
    }
  }

  private async restore(): Promise<void> {
    const info = await this.attempt(() => this.client.app.info())
    if (info === null) return
    this.info = info
    if (info.entry === 'desktop') void followShell(this)
    const place = readPlace(window.location.hash)
    const path = this.project?.path ?? place.project ?? info.initialProject
    if (path === null) await this.start.refresh()
    else await this.openAt(() => this.client.projects.open({ path }), place.step ?? 'ranges', place.shown)
  }

  /** Follows the browser's Back and Forward, which have changed the address. */
  async followAddress(): Promise<void> {
    const { project: path, step, shown } = readPlace(window.location.hash)
    if (this.project === null) return
    if (path !== null && path !== this.project.path) {
      await this.openAt(() => this.client.projects.open({ path }), step ?? 'ranges', shown)
      return
    }
    this.step = step ?? 'start'
    const results = this.results
    const wanted = shown ?? results?.newest ?? null
    if (results !== null && wanted !== null && wanted !== results.current) await results.show(wanted)
  }

  /** Runs a call and reports its failure to the user; null when it failed. */
  async attempt<Result>(call: () => Promise<Result>): Promise<Result | null> {
    try {
      return await call()
    } catch (error) {
      this.complainOf(error)
      return null
    }
  }

  /** Tells the user what was thrown, whatever that is. */
  complainOf(error: unknown): void {
    // A lost line has its own notice; each call that it took along need not complain too. Such calls end a moment before it
    // is known to be lost.
    const complaint = complaintOf(error)
    const tell = (): void => {
      if (this.connected) this.complain(complaint)
    }
    if (complaint.code === 'defect') setTimeout(tell)
    else tell()
  }

  complain(complaint: Complaint): void {
    if (!this.complaints.some((known) => known.message === complaint.message)) {
      this.complaints = [...this.complaints, complaint]
    }
  }

  dismiss(complaint: Complaint): void {
    this.complaints = this.complaints.filter((other) => other !== complaint)
  }

  dismissWarning(warning: string): void {
    this.dismissedWarnings.add(warning)
  }

  /** Says what was done and offers to take it back for a while. */
  offerUndo(undoable: Undoable): void {
    clearTimeout(this.undoTimer)
    this.undoable = undoable
    this.undoTimer = setTimeout(() => (this.undoable = null), 10_000)
  }

  undo(): void {
    this.undoable?.undo()
    this.undoable = null
  }

  go(step: Step): void {
    this.step = step
    this.visit()
  }

  /** Shows a stored result of the step. */
  async look(id: string): Promise<void> {
    const shown = this.results?.show(id)
    this.visit()
    await shown
  }

  /** Makes the place an entry of the browser's history, for Back to lead to the one before. */
  private visit(): void {
    if (this.address !== null && this.address !== window.location.hash)
      window.history.pushState(null, '', this.address)
  }

  /** Shows the project that the call opens or creates. */
  async open(call: () => Promise<ProjectState>, step: Step = 'ranges'): Promise<boolean> {
    const opened = await this.openAt(call, step, null)
    if (opened) this.visit()
    return opened
  }

  /** @param shown of the step's results; null for the newest */
  private async openAt(
    call: () => Promise<ProjectState>,
    step: Step,
    shown: string | null
  ): Promise<boolean> {
    this.opening = true
    const state = await this.attempt(call)
    this.opening = false
    // A project is recent once it is opened, and known to be gone once it could not be.
    void this.start.refresh()
    if (state === null) return false
    const same = state.path === this.project?.path
    if (!same) await this.leave()
    this.project = state
    this.prompts.adopt(state, same)
    void this.ranges.adopt(state, same, step === 'ranges' ? shown : null)
    void this.samples.adopt(state, same, step === 'samples' ? shown : null)
    this.readPairAgain()
    void this.evaluations.adopt(state, same, step === 'evaluate' ? shown : null)
    this.exports.adopt(state, same)
    void this.watch(state.path)
    this.step = step
    return true
  }

  /** Follows what becomes of the open project, whoever changes it. */
  private async watch(path: string): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    try {
      const states = await this.client.projects.watch({ path }, { signal: watching.signal })
      for await (const state of states) {
        if (watching.signal.aborted) return
        this.accept(state)
      }
    } catch (error) {
      // After a lost line the project is opened again, and followed from then on.
      if (!watching.signal.aborted && this.connected) this.complain(complaintOf(error))
    }
  }

  /** Fetches what the project knows of its pair, which may be another now. */
  readPairAgain(): void {
    const path = this.project?.path
    if (path === undefined) return
    void this.distances.adopt(path)
    void this.checksums.adopt(path)
    this.values.adopt()
  }

  /** Closes the open project; a running sweep or sample run goes on in main. */
  async leave(): Promise<void> {
    const path = this.project?.path
    await this.flush()
    this.watching?.abort()
    this.project = null
    this.ranges.reset()
    this.samples.reset()
    this.evaluations.reset()
    this.distances.reset()
    this.checksums.reset()
    this.values.reset()
    this.exports.reset()
    this.undoable = null
    this.dismissedWarnings.clear()
    if (path !== undefined) await this.attempt(() => this.client.projects.close({ path }))
  }

  /** Saves what is being edited now, without waiting for the typing to rest. */
  async flush(): Promise<void> {
    await Promise.all([this.prompts.flush(), this.samples.prompts.flush(), this.samples.setup.flush()])
  }

  /** Saves what is being edited and waits for all that is on its way. @returns whether edits wait for the user */
  async settle(): Promise<boolean> {
    await this.flush()
    await this.changes
    return this.prompts.waits || this.samples.prompts.waits
  }

  /** Takes a newer state of the open project; one that is older, or arrives after the project was left, is dropped. */
  accept(state: ProjectState | null): void {
    const before = this.project
    if (state === null || before === null || state.path !== before.path) return
    if (state.document.revision < before.document.revision) return
    this.project = state
    this.prompts.hear(state, before)
    this.ranges.hear(state, before)
    this.samples.hear(state, before)
    this.evaluations.hear(state, before)
    this.distances.job.hear(state.running.includes('distances'))
    this.checksums.job.hear(state.running.includes('checksums'))
    this.values.job.hear(state.running.includes('values'))
    this.exports.job.hear(state.running.includes('export'))
  }

  /**
   * Sets values of the project on disk. Changes queue, so each is made from what the one before it left.
   *
   * @param seen the revision that the values were made from; left out: the one that is shown
   */
  async change(changes: ProjectChanges, seen?: number): Promise<boolean> {
    return this.save((path, revision) =>
      this.client.projects.update({ path, seen: seen ?? revision, changes })
    )
  }

  /** Runs a call that writes the open project, in turn, and reports its failure to the user. False when it failed. */
  async save(call: (path: string, revision: number) => Promise<ProjectState>): Promise<boolean> {
    return (await this.attempt(() => this.write(call))) ?? false
  }

  /** Runs a call that writes the open project, in turn. False when no project is open. @throws what main says against it */
  async write(call: (path: string, revision: number) => Promise<ProjectState>): Promise<boolean> {
    this.saving += 1
    const turn = this.changes.then(async () => {
      const project = this.project
      if (project === null) return false
      this.accept(await call(project.path, project.document.revision))
      return true
    })
    this.changes = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      this.saving -= 1
    }
  }
}
