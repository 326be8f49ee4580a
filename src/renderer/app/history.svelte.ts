import type { PairId } from '../../contract/documents/project'
import { type Complaint, complaintOf } from '../ui/complaint'

/** A change by the user that main has written, and that main can undo. */
export interface StoredChange {
  /** Description as it follows "Undo" and "Redo", such as `remove “Layers 4–11”`. */
  readonly what: string
  /** Notice after the change. Left out if the window shows the change anyway. */
  readonly message?: string
  /** Successive changes with the same value become one, such as the letters of a word that is typed. */
  readonly merge?: string
  /** The changed pair. While it is removed, the change can be neither undone nor redone. */
  readonly pair?: PairId
  /** Revisions that main wrote for the change, the oldest first. */
  readonly changes: readonly number[]
  /** Called after an undo or redo, to show its result. @param change revision that the step wrote */
  readonly follow?: (step: 'undo' | 'redo', change: number) => unknown
}

/** Edits that main has not stored. */
interface UnsavedEdits {
  /** Returns the description of the last edit; null without one. */
  what(): string | null
  /** Saves the open edits that can be saved. */
  flush(): Promise<void>
  /** Discards the last edit. @returns false if there was none */
  discardLast(): boolean
}

const MAX_CHANGES = 200
const NOTICE_MS = 10_000
/** Codes of refusals that a second attempt cannot avoid. */
const FINAL_REFUSALS: ReadonlySet<Complaint['code']> = new Set(['stale', 'not-found', 'bad-input'])

/** Changes that this window made to the open project. */
export class History {
  private past = $state.raw<readonly StoredChange[]>([])
  private future = $state.raw<readonly StoredChange[]>([])
  private isMoving = false
  private turns: Promise<void> = Promise.resolve()
  /** Changes that were recorded while another change is undone or redone. They are added after it. */
  private waiting: readonly StoredChange[] = []
  /** Notice of the last change, shown for ten seconds. */
  notice = $state.raw<{ text: string; offer: 'undo' | 'redo' } | null>(null)
  /** Description of the change that is undone next; null if there is none. */
  readonly undoable = $derived.by(() => this.unsaved.what() ?? this.last('past')?.what ?? null)
  /** Description of the change that is redone next; null if there is none. */
  readonly redoable = $derived.by(() => this.last('future')?.what ?? null)
  private noticeTimer: ReturnType<typeof setTimeout> | undefined

  /**
   * @param revert asks main to undo a change. It returns the inverse change, or null if nothing changed.
   * @param unsaved open edits, which an undo saves or takes back first
   */
  constructor(
    private readonly complain: (error: unknown) => void,
    private readonly revert: (change: StoredChange, step: 'undo' | 'redo') => Promise<number | null>,
    private readonly unsaved: UnsavedEdits,
    private readonly hasPair: (pair: PairId) => boolean
  ) {}

  /** Records a change. Changes that were undone before can no longer be redone. */
  record(change: StoredChange): void {
    if (this.isMoving) {
      this.waiting = [...this.waiting, change]
      return
    }
    const last = this.past.at(-1)
    if (last?.merge !== undefined && last.merge === change.merge) {
      this.past = [...this.past.slice(0, -1), { ...change, changes: [...last.changes, ...change.changes] }]
    } else {
      this.past = [...this.past, change].slice(-MAX_CHANGES)
    }
    this.future = []
    this.showNotice(change.message ?? null, 'undo')
  }

  /** Undoes the last change. A change that another window has built on is refused and dropped. */
  undo(): Promise<void> {
    return this.enqueue('past')
  }

  /** Redoes the change that was undone last. Refused as in {@link undo}. */
  redo(): Promise<void> {
    return this.enqueue('future')
  }

  private last(changes: 'past' | 'future'): StoredChange | undefined {
    return this[changes].findLast(({ pair }) => pair === undefined || this.hasPair(pair))
  }

  /** Moves changes one at a time, in the order of the requests. */
  private enqueue(from: 'past' | 'future'): Promise<void> {
    this.turns = this.turns.then(() => this.moveLast(from)).catch(this.complain)
    return this.turns
  }

  private async moveLast(from: 'past' | 'future'): Promise<void> {
    await this.unsaved.flush()
    if (from === 'past' && this.unsaved.discardLast()) return
    const change = this.last(from)
    if (change === undefined) return
    this.isMoving = true
    try {
      await this.move(from, change)
    } finally {
      this.isMoving = false
      const { waiting } = this
      this.waiting = []
      for (const later of waiting) this.record(later)
    }
  }

  private async move(from: 'past' | 'future', change: StoredChange): Promise<void> {
    const [to, step, word, offer] =
      from === 'past' ? (['future', 'undo', 'Undone', 'redo'] as const) : (['past', 'redo', 'Redone', 'undo'] as const)
    const moved = await this.reversed(change, step)
    if (moved === null) return
    this[from] = this[from].filter((other) => other !== change)
    if (moved === 'refused') return
    this[to] = [...this[to], moved]
    this.showNotice(`${word}: ${change.what}`, offer)
  }

  /** @returns the change that reverses the step; null if the step failed but may succeed later */
  private async reversed(change: StoredChange, step: 'undo' | 'redo'): Promise<StoredChange | 'refused' | null> {
    this.showNotice(null, 'undo')
    try {
      const inverse = await this.revert(change, step)
      return inverse === null ? 'refused' : { ...change, changes: [inverse] }
    } catch (error) {
      this.complain(error)
      return FINAL_REFUSALS.has(complaintOf(error).code) ? 'refused' : null
    }
  }

  private showNotice(text: string | null, offer: 'undo' | 'redo'): void {
    clearTimeout(this.noticeTimer)
    this.notice = text === null ? null : { text, offer }
    if (text !== null) this.noticeTimer = setTimeout(() => (this.notice = null), NOTICE_MS)
  }
}
