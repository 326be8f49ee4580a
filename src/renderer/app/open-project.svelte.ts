import { NOT_CONNECTED, READ_ONLY } from './state-words'
import type { EndpointContact } from '../../contract/model/endpoint'
import type { PairChanges, PairId, ProjectState } from '../../contract/documents/project'
import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { jobKindFacts } from '../../contract/model/job-kinds'
import { STOPPING, waitingForWords } from '../../contract/work/work-words'
import { areModelsAway, MODELS_AWAY, tokenizerWords } from '../../contract/words/pair-words'
import { type RunKind, runKindFacts } from '../../contract/model/run-kinds'
import { type Complaint, complaintOf } from '../ui/complaint'
import type { Client } from './connection'
import { History, type StoredChange } from './history.svelte'
import type { EditBuffer } from './edit-buffer.svelte'
import type { Host } from './host'
import { viewOfRun } from './place'
import { WindowJobs } from './jobs.svelte'
import { Subscription } from './subscription.svelte'
import type { WindowJob } from './window-job'

type Listener = (state: ProjectState, before: ProjectState) => void

/** Failures caused by the value, not by the disk. */
const REFUSALS: ReadonlySet<Complaint['code']> = new Set(['stale', 'not-found', 'bad-input', 'cancelled'])

/** Returns a sentence if the engine works for another pair of the project, else null. */
function busyPair({ pairs, document }: ProjectState): string | null {
  const other = pairs.find(
    ({ id, running }) => id !== document.id && running.some((kind) => jobKindFacts(kind).needs !== 'files')
  )
  return other === undefined ? null : `The engine works for the pair “${other.name}”.`
}

/** Names a pair in calls to main: the path of its project, and its id. */
export interface PairAddress {
  readonly path: string
  readonly pair: PairId
}

/** One pair of an open project: its state, its queue of changes and its jobs. A new one is created for each opening. */
export class OpenProject {
  readonly path: string
  /** This pair, as calls to main name it. */
  readonly here: PairAddress
  state: ProjectState
  saving = $state(0)
  /**
   * True if the last write failed, such as on a full disk. A refused value does not count: its complaint says what to
   * do.
   */
  writeFailed = $state(false)
  /** Writes of values that the window shows but could not store. The next successful write repeats them. */
  readonly unwritten = new SvelteMap<string, () => Promise<boolean>>()
  readonly jobs = new WindowJobs()
  /** Values that the window edits. Each adds itself. */
  readonly buffers: Pick<EditBuffer<unknown, unknown>, 'dirty' | 'lastUnsaved' | 'flush' | 'discardLast'>[] = []
  /** Changes of this window that can be undone. */
  readonly history = new History(
    (error) => this.complainOf(error),
    (change, step) => this.revert(change, step),
    {
      what: () => this.buffers.find(({ dirty }) => dirty)?.lastUnsaved ?? null,
      flush: () => this.flush(),
      discardLast: () => this.buffers.some((buffer) => buffer.discardLast())
    },
    (pair) => this.state.pairs.some(({ id }) => id === pair)
  )
  /** True while an undone or redone change may remove the run or the pair that is shown. */
  private reverting = false
  /** Error that ended the watch while a change was undone or redone; null if none did. */
  private watchError: unknown = null
  private readonly leaving = new AbortController()
  /** The last run that vanished, and its complaint, which is withdrawn when the run is restored or the view left. */
  private vanished: { id: string; complaint: Complaint } | null = null
  /** Ids of runs that this window deletes. Their views do not report them as vanished. */
  readonly deleting = new SvelteSet<string>()
  /** Aborted when the project is left. All follow-up work ends with it. */
  readonly left = this.leaving.signal

  readonly writable = $derived.by(() => this.state.readOnly === null)
  readonly connected = $derived.by(() => this.host.connected)
  /** Start of the names of saved files: the project's name, and the pair's if there are several. */
  readonly filesName = $derived.by(() => {
    const { name, pairs, document } = this.state
    return pairs.length === 1 ? name : `${name}-${document.name}`
  })
  /** Sentence on the job that main computes for another pair of the project; null without one. */
  readonly busyWithOtherPair = $derived.by(() => busyPair(this.state))

  private changes: Promise<unknown> = Promise.resolve()
  /** Saves of the fields that are shown. */
  private fields: readonly (() => Promise<void>)[] = []
  private readonly subscription = new Subscription(() => this)
  private readonly listeners: Listener[] = []

  constructor(
    readonly host: Host,
    state: ProjectState
  ) {
    this.path = state.path
    this.here = { path: state.path, pair: state.document.id }
    this.state = $state.raw(state)
  }

  /** @throws Error before the first connection */
  get client(): Client {
    return this.host.client
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener)
  }

  /** Runs a call and reports its failure. @returns null if the call failed or the project was left meanwhile */
  async attempt<Result>(call: () => Promise<Result>): Promise<Result | null> {
    try {
      const result = await call()
      return this.left.aborted ? null : result
    } catch (error) {
      this.complainOf(error)
      return null
    }
  }

  /** Stores an address in main that the user confirms on the page. */
  async confirmAddress({ baseUrl, keyVariable }: EndpointContact): Promise<void> {
    const addresses = [{ baseUrl, keyVariable }]
    await this.attempt(() => this.client.app.confirmAddresses({ addresses }))
  }

  complain(complaint: Complaint): void {
    if (!this.left.aborted) this.host.complain(complaint)
  }

  complainOf(error: unknown): void {
    if (!this.left.aborted) this.host.complainOf(error)
  }

  /** Memory of the machine that computes, in bytes. */
  get machineBytes(): number {
    return this.host.info?.memoryBytes ?? Infinity
  }

  /** True if the pair's folders do not exist on this machine. */
  get modelsAway(): boolean {
    return areModelsAway(this.state)
  }

  /**
   * Returns the reason why no job of the engine can start; null if one can.
   *
   * @param then says what would start, by the job `own`
   */
  whyNot(then: string, own?: WindowJob): string | null {
    if (!this.connected) return NOT_CONNECTED
    if (this.state.writer === 'gone') return 'First choose “Change it here”, above.'
    if (this.state.writer !== null) return 'Another program has this project to write; see above.'
    if (this.state.readOnly !== null) return READ_ONLY
    if (this.modelsAway) return MODELS_AWAY
    if (this.state.pair?.compatible !== true) return 'The pair cannot be computed; see Models.'
    if (!this.state.pair.post.hasTokenizer)
      return `${tokenizerWords(this.state.pair)}, and prompts need one; see Models.`
    return this.jobs.whyNot(this.state.running, then, own) ?? this.busyWithOtherPair
  }

  /**
   * Returns the reason why the engine cannot answer a question now; null if it can.
   *
   * @param then says what would be asked, by the job `own`
   */
  whyNotAsk(then: string, own?: WindowJob): string | null {
    const { busyProject } = this.state
    const busy = busyProject === null ? null : `The engine works for the project “${busyProject}”.`
    return this.whyNot(then, own) ?? busy
  }

  /** Returns a sentence for a job that stops or waits; null while it computes. */
  pauseNoticeOf({ kind, cancelling }: Pick<WindowJob, 'kind' | 'cancelling'>): string | null {
    if (cancelling) return STOPPING
    const { busyProject } = this.state
    if (busyProject === null || kind === null || jobKindFacts(kind).needs !== 'engine') return null
    return waitingForWords(busyProject)
  }

  /** Follows changes of the project by any window, until the project is left or the connection is lost. */
  watch(): Promise<unknown> {
    return this.subscription.follow(
      (signal) => this.client.projects.watch(this.here, { signal }),
      (state) => this.accept(state),
      (error) => {
        if (this.reverting) this.watchError = error
        else this.endWatch(error)
      }
    )
  }

  /** Says why changes can no longer be followed, and leaves a pair that is gone. */
  private endWatch(error: unknown): void {
    this.complainOf(error)
    if (complaintOf(error).code === 'not-found') void this.host.leavePair(this.here)
  }

  /** Accepts a newer state of the project and ignores an older one. */
  accept(state: ProjectState | null): void {
    const before = this.state
    if (state === null || state.revision < before.revision) return
    this.state = state
    this.jobs.update(state)
    for (const listener of this.listeners) listener(state, before)
  }

  /**
   * Chooses the run that a step shows after a change of its list. A new run is shown. The newest replaces a vanished
   * one.
   *
   * @param current the shown run; null for none
   * @returns the id of the run; null for none; undefined for no change
   */
  nextShown(
    kind: RunKind,
    current: string | null,
    now: readonly { id: string }[],
    before: readonly { id: string }[]
  ): string | null | undefined {
    const has = (list: readonly { id: string }[], id: string): boolean => list.some((run) => run.id === id)
    const newest = now[0]?.id ?? null
    const { vanished } = this
    if ((vanished !== null && has(now, vanished.id)) || before.some(({ id }) => !has(now, id))) this.forgetVanished()
    if (current !== null && has(before, current) && !has(now, current)) {
      if (this.host.view === viewOfRun(kind)) this.explainVanished(kind, current, newest)
      return newest
    }
    return newest === null || has(before, newest) || newest === current ? undefined : newest
  }

  /** Withdraws the complaint about the last run that vanished. */
  forgetVanished(): void {
    if (this.vanished !== null) this.host.dismiss(this.vanished.complaint)
    this.vanished = null
  }

  /** Tells the user why the replacement run vanished, unless this window deleted it. */
  private explainVanished(kind: RunKind, id: string, newest: string | null): void {
    if (this.reverting || this.deleting.has(id)) return
    const isDeleted = this.state.history.deleted.some(({ run }) => run.kind === kind && run.id === id)
    const { one } = runKindFacts(kind)
    const replacement = newest === null ? 'There is no other.' : 'The newest is shown instead.'
    const complaint: Complaint = {
      code: 'not-found',
      message: isDeleted
        ? `The ${one} that was shown here has been deleted.`
        : `The ${one} that was shown here ended without a result, so it was not kept.`,
      hint: isDeleted ? `${replacement} Restore it in Runs, in the bar.` : replacement
    }
    this.vanished = { id, complaint }
    this.complain(complaint)
  }

  async refresh(): Promise<void> {
    this.accept(await this.attempt(() => this.client.projects.open(this.here)))
  }

  /**
   * Sets values of the pair on disk, after all earlier changes.
   *
   * @param seen the revision that the values were edited from; by default the current one
   */
  async change(changes: PairChanges, seen?: number): Promise<boolean> {
    return this.save((here, revision) => this.client.pairs.update({ ...here, seen: seen ?? revision, changes }))
  }

  /**
   * Sets values as {@link change} does, and records the change for undo.
   *
   * @param what as in {@link StoredChange}
   * @param merge as in {@link StoredChange}
   */
  async set(what: string, changes: PairChanges, merge?: string): Promise<boolean> {
    return this.do(
      what,
      (here, revision) => this.client.pairs.update({ ...here, seen: revision, changes }),
      merge === undefined ? {} : { merge }
    )
  }

  /** Runs a call as {@link record} does, and reports its failure. @returns whether it succeeded */
  async do(...change: Parameters<OpenProject['record']>): Promise<boolean> {
    return this.succeeds(() => this.record(...change))
  }

  /**
   * Runs a call that writes the project after all earlier ones, and records the written change for undo.
   *
   * @param what describes the change, by the state after it where that is needed; see {@link StoredChange}
   * @throws the error of the call
   */
  async record(
    what: string | ((state: ProjectState) => string),
    call: (here: PairAddress, revision: number) => Promise<ProjectState>,
    more: Omit<StoredChange, 'what' | 'changes'> = {}
  ): Promise<void> {
    const state = await this.write(call)
    if (state.change === null) return
    const description = typeof what === 'string' ? what : what(state)
    this.history.record({ what: description, changes: [state.change], ...more })
  }

  /** Lets main undo a stored change, and shows the result. @returns the revision by which the undo can be undone */
  private async revert({ changes, follow }: StoredChange, step: 'undo' | 'redo'): Promise<number | null> {
    const { projects } = this.client
    this.reverting = true
    try {
      const { change } = await this.write((here) => projects.revert({ ...here, changes: [...changes] }))
      if (change !== null) await follow?.(step, change)
      return change
    } finally {
      this.reverting = false
      const error = this.watchError
      this.watchError = null
      // The undo of an addition removes the shown pair, and has shown another pair by now.
      if (error !== null && this.host.session === this) this.endWatch(error)
    }
  }

  /**
   * Runs a call that writes the project after all earlier ones, and reports its failure.
   *
   * @returns whether it succeeded
   */
  async save(call: (here: PairAddress, revision: number) => Promise<ProjectState>): Promise<boolean> {
    return this.succeeds(() => this.write(call))
  }

  /** Runs a write of the value `key`, which the window shows in any case. After a full disk, it is repeated. */
  async keep(key: string, write: () => Promise<boolean>): Promise<void> {
    this.unwritten.delete(key)
    if (!(await write()) && this.writeFailed) this.unwritten.set(key, write)
  }

  private async succeeds(call: () => Promise<unknown>): Promise<boolean> {
    return (await this.attempt(() => call().then(() => true))) ?? false
  }

  /** Runs a call that writes the project after all earlier ones. @throws the error of the call */
  async write(call: (here: PairAddress, revision: number) => Promise<ProjectState>): Promise<ProjectState> {
    this.saving += 1
    const turn = this.changes.then(async () => {
      const state = await call(this.here, this.state.revision)
      this.accept(state)
      return state
    })
    this.changes = turn.catch(() => undefined)
    try {
      const state = await turn
      this.writeFailed = false
      for (const [key, unwritten] of [...this.unwritten]) void this.keep(key, unwritten)
      return state
    } catch (error) {
      if (!REFUSALS.has(complaintOf(error).code)) this.writeFailed = true
      throw error
    } finally {
      this.saving -= 1
    }
  }

  async saved(): Promise<void> {
    await this.changes
  }

  /**
   * Registers a field, which is then saved with all other edits.
   *
   * @param save saves the field; does nothing without edits
   * @returns a function that removes the field
   */
  editing(save: () => Promise<void>): () => void {
    this.fields = [...this.fields, save]
    return () => (this.fields = this.fields.filter((other) => other !== save))
  }

  async flush(): Promise<void> {
    await Promise.all([...this.buffers.map((buffer) => buffer.flush()), ...this.fields.map((save) => save())])
  }

  /** Ends all requests and subscriptions of the project in this window. Call `saveEdits` first. Jobs in main go on. */
  leave(): void {
    this.forgetVanished()
    this.leaving.abort()
  }
}
