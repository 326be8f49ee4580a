import type { EndpointContact } from '../../contract/model/endpoint'
import type { PairChanges, PairDocument, PairId, ProjectState } from '../../contract/documents/project'
import { SvelteSet } from 'svelte/reactivity'
import type { RunKind } from '../../contract/documents/history'
import { jobKindFacts } from '../../contract/model/job-kinds'
import { STOPPING, waitingForWords } from '../../contract/words/job-words'
import { areModelsAway, MODELS_AWAY, tokenizerWords } from '../../contract/words/pair-words'
import { RUN_KIND_WORDS } from '../../contract/words/run-words'
import { type Complaint, complaintOf } from '../ui/complaint'
import type { Client } from './connection'
import { History } from './history.svelte'
import type { Host } from './host'
import { viewOfRun } from './place'
import { WindowJobs } from './jobs.svelte'
import type { WindowJob } from './window-job'

type Listener = (state: ProjectState, before: ProjectState) => void

/** Failures that concern the value rather than the disk. */
const REFUSALS: ReadonlySet<Complaint['code']> = new Set(['stale', 'not-found', 'bad-input', 'cancelled'])

/** Values that always have one before them. */
type Overwritten = Pick<PairChanges, 'rendering'> & {
  settings?: Omit<NonNullable<PairChanges['settings']>, 'samples' | 'evaluation'>
}

const fieldsOf = ({ rendering = {}, settings = {} }: Overwritten): string[] => [
  ...Object.keys(rendering).map((field) => `rendering.${field}`),
  ...Object.keys(settings).map((field) => `settings.${field}`)
]

const picked = <Values extends object>(values: Values, wanted: object): Partial<Values> => {
  const found: Partial<Values> = {}
  for (const field in values) if (field in wanted) found[field] = values[field]
  return found
}

/** What those values are in a document. */
function valuesOf({ rendering, settings }: PairDocument, changes: Overwritten): Overwritten {
  return {
    ...(changes.rendering && { rendering: picked(rendering, changes.rendering) }),
    ...(changes.settings && { settings: picked(settings, changes.settings) })
  }
}

/** One engine works for all pairs of a project: which other pair it works for, in words; null for none. */
function busyPair({ pairs, document }: ProjectState): string | null {
  const other = pairs.find(
    ({ id, running }) => id !== document.id && running.some((kind) => jobKindFacts(kind).needs !== 'files')
  )
  return other === undefined ? null : `The engine works for the pair “${other.name}”.`
}

/** How a call names the pair that it is about. */
export interface Here {
  readonly path: string
  readonly pair: PairId
}

/**
 * One pair of an open project, as main tells of it: what it holds, the queue of its changes, and its jobs. It is made when the pair
 * is opened and dropped when it is left, so nothing in it has to be emptied.
 */
export class OpenProject {
  readonly path: string
  readonly here: Here
  state: ProjectState
  /** Changes on their way to disk. */
  saving = $state(0)
  /** Whether the last write failed, such as on a full disk. A refused value is no failed write: the complaint says what to do. */
  writeFailed = $state(false)
  readonly jobs = new WindowJobs()
  /** What was done in this window, to be undone. */
  readonly history = new History(
    (error) => this.complainOf(error),
    () => this.flushFields()
  )
  private readonly leaving = new AbortController()
  /** Runs that this window deletes: their steps need not tell what has become of them. */
  readonly deleting = new SvelteSet<string>()
  /** Aborted when the project is left: whatever goes on for it ends. */
  readonly left = this.leaving.signal

  /** Whether the project can be changed. */
  readonly writable = $derived.by(() => this.state.readOnly === null)
  readonly connected = $derived.by(() => this.host.connected)
  /** What another window has done and cannot be followed in this one, in words; null when nothing is. */
  readonly elsewhere = $derived.by(() => this.jobs.elsewhere(this.state.running) ?? this.ofOtherPair)
  /** What files saved from a step of the pair begin with: the project's name, and the pair's where there are several. */
  readonly filesName = $derived.by(() => {
    const { name, pairs, document } = this.state
    return pairs.length === 1 ? name : `${name}-${document.name}`
  })
  /** What main computes for another pair of the project, in words; null for nothing. */
  private readonly ofOtherPair = $derived.by(() => busyPair(this.state))

  private changes: Promise<unknown> = Promise.resolve()
  private watching: AbortController | null = null
  private readonly listeners: Listener[] = []
  /** Since which revision each setting is what this window has set; see {@link set}. */
  private readonly own: Record<string, number> = {}

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

  /** Hears every newer state, with the one before; for as long as the project is open. */
  onChange(listener: Listener): void {
    this.listeners.push(listener)
  }

  /** Runs a call and reports its failure to the user; null when it failed, or the project was left meanwhile. */
  async attempt<Result>(call: () => Promise<Result>): Promise<Result | null> {
    try {
      const result = await call()
      return this.left.aborted ? null : result
    } catch (error) {
      this.complainOf(error)
      return null
    }
  }

  /** Has main note an address that the user confirms on the page. */
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

  /** All memory of the machine that computes. */
  get machineBytes(): number {
    return this.host.info?.memoryBytes ?? Infinity
  }

  /** True if the pair's folders do not exist on this machine, so nothing asks for what lies in them. */
  get modelsAway(): boolean {
    return areModelsAway(this.state)
  }

  /** Why nothing that needs the engine can begin now; null when it can. @param then what would begin, by its own job */
  whyNot(then: string, own?: WindowJob): string | null {
    if (!this.connected) return 'The workbench is not connected.'
    if (this.state.writer === 'gone') return 'First choose “Change it here”, above.'
    if (this.state.writer !== null) return 'Another program has this project to write; see above.'
    if (this.state.readOnly !== null) return 'This project cannot be saved, so results could not be kept.'
    if (this.modelsAway) return MODELS_AWAY
    if (this.state.pair?.compatible !== true) return 'The pair cannot be computed; see Models.'
    if (!this.state.pair.post.hasTokenizer)
      return `${tokenizerWords(this.state.pair)}, and prompts need one; see Models.`
    return this.jobs.whyNot(then, own) ?? this.elsewhere
  }

  /** Why the engine cannot answer a question now; null when it can. @param then what would be asked, by its own job */
  whyNotAsk(then: string, own?: WindowJob): string | null {
    const { busyProject } = this.state
    const busy = busyProject === null ? null : `The engine works for the project “${busyProject}”.`
    return this.whyNot(then, own) ?? busy
  }

  /** The state of a job that does not compute, in words; null while it computes. */
  standstillOf({ kind, cancelling }: Pick<WindowJob, 'kind' | 'cancelling'>): string | null {
    if (cancelling) return STOPPING
    const { busyProject } = this.state
    if (busyProject === null || kind === null || jobKindFacts(kind).needs !== 'engine') return null
    return waitingForWords(busyProject)
  }

  /** Follows what becomes of the project, whoever changes it, until it is left or the line is lost. */
  async watch(): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    const signal = AbortSignal.any([watching.signal, this.left])
    try {
      for await (const state of await this.client.projects.watch(this.here, { signal })) {
        if (signal.aborted) return
        this.accept(state)
      }
    } catch (error) {
      // After a lost line the project is opened again, and followed from then on.
      if (signal.aborted || !this.connected) return
      const complaint = complaintOf(error)
      this.complain(complaint)
      if (complaint.code === 'not-found') await this.host.leavePair(this.here)
    }
  }

  /** Takes a newer state of the project; one that is older is dropped. */
  accept(state: ProjectState | null): void {
    const before = this.state
    if (state === null || state.revision < before.revision) return
    this.state = state
    this.jobs.hear(state)
    for (const hear of this.listeners) hear(state, before)
  }

  /**
   * What a step that shows one run of a list shows next: undefined: what it shows; null: nothing. A new run is shown. The newest takes the
   * place of one that is gone, which the user is told while the step is shown.
   *
   * @param current that it shows; null for none
   */
  nextShown(
    kind: RunKind,
    current: string | null,
    now: readonly { id: string }[],
    before: readonly { id: string }[]
  ): string | null | undefined {
    const has = (list: readonly { id: string }[], id: string): boolean => list.some((run) => run.id === id)
    const newest = now[0]?.id ?? null
    if (current !== null && has(before, current) && !has(now, current)) {
      if (this.host.view === viewOfRun(kind)) this.explainVanished(kind, current, newest)
      return newest
    }
    return newest === null || has(before, newest) || newest === current ? undefined : newest
  }

  /** Tells the user what became of the run that the step showed, unless this window deleted it. */
  private explainVanished(kind: RunKind, id: string, newest: string | null): void {
    if (this.deleting.has(id)) return
    const isDeleted = this.state.history.deleted.some(({ run }) => run.kind === kind && run.id === id)
    const { one } = RUN_KIND_WORDS[kind]
    const shown = newest === null ? 'There is no other.' : 'The newest is shown instead.'
    this.complain({
      code: 'not-found',
      message: isDeleted
        ? `The ${one} that was shown here has been deleted.`
        : `The ${one} that was shown here ended without a result, so it was not kept.`,
      hint: isDeleted ? `${shown} Runs, in the bar, can bring it back.` : shown
    })
  }

  /** Asks main for the project as it is now. */
  async refresh(): Promise<void> {
    this.accept(await this.attempt(() => this.client.projects.open(this.here)))
  }

  /**
   * Sets values of the pair on disk. Changes queue, so each is made from what the one before it left.
   *
   * @param seen the revision that the values were made from; left out: the one that is shown
   */
  async change(changes: PairChanges, seen?: number): Promise<boolean> {
    return this.save((here, revision) =>
      this.client.pairs.update({ ...here, seen: seen ?? revision, changes })
    )
  }

  /**
   * Sets values as {@link change} does, so that it can be undone.
   *
   * @param what as in a deed
   * @param merge as in a deed
   */
  async set(what: string, changes: Overwritten, merge?: string): Promise<boolean> {
    const fields = fieldsOf(changes)
    let before: Overwritten = {}
    const send = async (values: () => Overwritten, seen: () => number): Promise<void> =>
      this.write(async (here) => {
        const state = await this.client.pairs.update({ ...here, seen: seen(), changes: values() })
        for (const field of fields) this.own[field] = state.revision
        return state
      })
    const seenOwn = (): number => Math.min(...fields.map((field) => this.own[field] ?? 0))
    const done = await this.attempt(async () => {
      await send(
        () => {
          before = valuesOf(this.state.document, changes)
          return changes
        },
        () => this.state.revision
      )
      return true
    })
    if (done === null) return false
    this.history.record({
      what,
      undo: () => send(() => before, seenOwn),
      redo: () => send(() => changes, seenOwn),
      ...(merge === undefined ? {} : { merge })
    })
    return true
  }

  /** Runs a call that writes the project, in turn, and reports its failure to the user. False when it failed. */
  async save(call: (here: Here, revision: number) => Promise<ProjectState>): Promise<boolean> {
    const saved = await this.attempt(async () => {
      await this.write(call)
      return true
    })
    return saved ?? false
  }

  /** Runs a call that writes the project, in turn. @throws what main says against it */
  async write(call: (here: Here, revision: number) => Promise<ProjectState>): Promise<void> {
    this.saving += 1
    const turn = this.changes.then(async () => {
      this.accept(await call(this.here, this.state.revision))
    })
    this.changes = turn.catch(() => undefined)
    try {
      await turn
      this.writeFailed = false
    } catch (error) {
      if (!REFUSALS.has(complaintOf(error).code)) this.writeFailed = true
      throw error
    } finally {
      this.saving -= 1
    }
  }

  /** Waits for the changes that are on their way. */
  async saved(): Promise<void> {
    await this.changes
  }

  /** Saves the fields that are being edited, whose changes are not recorded before they are saved. */
  protected flushFields(): Promise<void> {
    return Promise.resolve()
  }

  /** Ends what goes on for the project in this window; its jobs in main go on. */
  protected end(): void {
    this.leaving.abort()
  }
}
