import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { SweepDocument } from '../contract/crc'
import { WorkbenchError } from '../contract/problem'
import type { LiveEntry, SweepEvent, SweepProgress } from '../contract/sweep-events'
import { type CrcSweepRequest, runCrcSweep } from './crc/crc-sweep'
import type { EngineClient } from './engine/host'
import { problemOf, reportDefect } from './rpc-problems'

type Ending = Extract<SweepEvent, { type: 'finished' | 'failed' | 'cancelled' }>

export interface SweepJobOptions {
  engine: EngineClient
  request: CrcSweepRequest
  save: (document: SweepDocument) => Promise<void>
  /** Hears everything, without the merging that watchers get. */
  onEvent: (event: SweepEvent) => void
}

/**
 * A sweep that runs in main whoever watches: none, or several windows, from the start or later. It keeps the scores so
 * far and not the events, so a watcher that reads slowly gets fewer and larger ones.
 */
export class SweepJob {
  readonly id = randomUUID()
  /** Settles when the sweep is over, however it ended; never rejects. */
  readonly done: Promise<void>

  private readonly cancelling = new AbortController()
  private readonly changes = new EventEmitter().setMaxListeners(0)
  /** Counts changes; a watcher remembers up to which one it has told. */
  private version = 0
  private progress: { value: SweepProgress; version: number } | null = null
  private readonly entries = new Map<string, { entry: LiveEntry; version: number }>()
  private ending: Ending | null = null

  constructor(private readonly options: SweepJobOptions) {
    this.done = this.run().then((ending) => {
      this.ending = ending
      this.tell(ending)
    })
  }

  get over(): boolean {
    return this.ending !== null
  }

  cancel(): void {
    this.cancelling.abort()
  }

  /** A snapshot, then what changes, then how it ended. Ends early, and leaves the sweep running, when `signal` fires. */
  async *watch(signal?: AbortSignal): AsyncGenerator<SweepEvent> {
    // The layer count, which the snapshot shows, is known with the first progress.
    while (this.progress === null && !this.over) if (!(await this.changed(signal))) return
    let told = this.version
    yield this.snapshot()
    for (;;) {
      const since = told
      told = this.version
      const entries = [...this.entries.values()].filter(({ version }) => version > since)
      const { progress, ending } = this
      if (progress !== null && progress.version > since) yield { type: 'progress', progress: progress.value }
      if (entries.length > 0) yield { type: 'scores', entries: entries.map(({ entry }) => entry) }
      if (ending !== null) return yield ending
      if (told === this.version && !(await this.changed(signal))) return
    }
  }

  private async run(): Promise<Ending> {
    const { engine, request, save } = this.options
    try {
      const signal = this.cancelling.signal
      const document = await runCrcSweep(engine, { ...request, id: this.id }, signal, (event) => {
        if (event.type === 'notice') return
        this.note(event)
        this.tell(event)
      })
      await save(document)
      return { type: 'finished', sweepId: document.id, work: document.work, seconds: document.seconds }
    } catch (error) {
      if (error instanceof WorkbenchError && error.problem.code === 'cancelled') return { type: 'cancelled' }
      return { type: 'failed', problem: problemOf(error) ?? reportDefect(error, 'the sweep') }
    }
  }

  private note(event: Extract<SweepEvent, { type: 'progress' | 'scores' }>): void {
    const version = this.version + 1
    if (event.type === 'progress') this.progress = { value: event.progress, version }
    else for (const entry of event.entries) this.entries.set(keyOf(entry), { entry, version })
  }

  private tell(event: SweepEvent): void {
    this.version++
    this.changes.emit('change')
    this.options.onEvent(event)
  }

  /** Waits for the next change; false when `signal` fired instead. */
  private async changed(signal?: AbortSignal): Promise<boolean> {
    try {
      await once(this.changes, 'change', { signal })
      return true
    } catch (error) {
      if (signal?.aborted) return false
      throw error
    }
  }

  private snapshot(): SweepEvent {
    const progress = this.progress?.value ?? NOT_STARTED
    return {
      type: 'snapshot',
      sweepId: this.id,
      layerCount: progress.layerCount,
      promptCount: this.options.request.prompts.length,
      progress,
      entries: Array.from(this.entries.values(), ({ entry }) => entry)
    }
  }
}

/** What is shown of a sweep that failed before it had read the pair. */
const NOT_STARTED: SweepProgress = {
  phase: 'preparing',
  rowsDone: 0,
  rowsTotal: 0,
  rowsPerSecond: null,
  secondsLeft: null,
  layer: null,
  layerCount: 0
}

function keyOf(entry: LiveEntry): string {
  if (entry.kind === 'range') return `range ${entry.start}-${entry.end}`
  return entry.kind === 'recipe' ? `recipe ${entry.name}` : entry.kind
}
