import { WorkbenchError } from '../../contract/model/problem'
import { type Complaint, complaintOf } from '../ui/complaint'

/** Something that the user has done to the project, and how it is taken back and done again. */
export interface Deed {
  /** As it follows "Undo" and "Redo", such as `remove “Layers 4–11”`. */
  readonly what: string
  /** What is said when it was done; left out where the window shows it anyway. */
  readonly said?: string
  /** Deeds with the same one become one, such as the letters of a word that is typed. */
  readonly merge?: string
  /** @throws what main says against it; `stale` when somebody else has changed the same since */
  undo(): unknown
  /** @throws as `undo` */
  redo(): unknown
}

const MOST_DEEDS = 200
const SAID_MS = 10_000
/** Refusals that stay: trying again would be refused again. */
const OVER: ReadonlySet<Complaint['code']> = new Set(['stale', 'not-found', 'bad-input'])

/** What was done to the open project in this window since it was opened. */
export class History {
  private past = $state.raw<readonly Deed[]>([])
  private future = $state.raw<readonly Deed[]>([])
  private moving = false
  private turns: Promise<void> = Promise.resolve()
  /** Deeds that were done while another is undone or redone: they follow it. */
  private waiting: readonly Deed[] = []
  /** What was done last, while it is worth saying. */
  said = $state.raw<{ text: string; offer: 'undo' | 'redo' } | null>(null)
  /** What can be undone and done again next; null for nothing. */
  readonly undoable = $derived(this.past.at(-1)?.what ?? null)
  readonly redoable = $derived(this.future.at(-1)?.what ?? null)
  private saying: ReturnType<typeof setTimeout> | undefined

  /** @param flush saves what is being edited, which is then undone first */
  constructor(
    private readonly complain: (error: unknown) => void,
    private readonly flush: () => Promise<void> = () => Promise.resolve()
  ) {}

  /** Hears of something that was just done; what was undone before is gone with it. */
  did(deed: Deed): void {
    if (this.moving) {
      this.waiting = [...this.waiting, deed]
      return
    }
    const last = this.past.at(-1)
    if (last?.merge !== undefined && last.merge === deed.merge) {
      const undo = (): unknown => last.undo()
      this.past = [...this.past.slice(0, -1), { ...deed, undo, redo: () => deed.redo() }]
    } else {
      this.past = [...this.past, deed].slice(-MOST_DEEDS)
    }
    this.future = []
    this.say(deed.said ?? null, 'undo')
  }

  /** Takes the last deed back. One that somebody else has built on since is refused, and left out from then on. */
  undo(): Promise<void> {
    return this.turn('past')
  }

  /** Does the deed again that was taken back last; refused as in {@link undo}. */
  redo(): Promise<void> {
    return this.turn('future')
  }

  /** In the order of asking: one that is asked for while another goes on follows it. */
  private turn(from: 'past' | 'future'): Promise<void> {
    this.turns = this.turns.then(() => this.turnNow(from)).catch(this.complain)
    return this.turns
  }

  private async turnNow(from: 'past' | 'future'): Promise<void> {
    await this.flush()
    const deed = this[from].at(-1)
    if (deed === undefined) return
    this.moving = true
    try {
      await this.move(from, deed)
    } finally {
      this.moving = false
      const { waiting } = this
      this.waiting = []
      for (const later of waiting) this.did(later)
    }
  }

  private async move(from: 'past' | 'future', deed: Deed): Promise<void> {
    const [to, step, word, offer] =
      from === 'past'
        ? (['future', 'undo', 'Undone', 'redo'] as const)
        : (['past', 'redo', 'Done again', 'undo'] as const)
    const moved = await this.run(() => deed[step]())
    if (moved === null) return
    this[from] = this[from].filter((other) => other !== deed)
    if (!moved) return
    this[to] = [...this[to], deed]
    this.say(`${word}: ${deed.what}`, offer)
  }

  /** @returns whether it was done; null when it was not but may be later */
  private async run(step: () => unknown): Promise<boolean | null> {
    this.say(null, 'undo')
    try {
      await step()
      return true
    } catch (error) {
      this.complain(error)
      return OVER.has(complaintOf(error).code) ? false : null
    }
  }

  private say(text: string | null, offer: 'undo' | 'redo'): void {
    clearTimeout(this.saying)
    this.said = text === null ? null : { text, offer }
    if (text !== null) this.saying = setTimeout(() => (this.said = null), SAID_MS)
  }
}

/** For a step that would undo what somebody else has done since. @param what was changed, with its article */
export const changedSince = (what: string): WorkbenchError =>
  new WorkbenchError(
    'stale',
    `Not undone: ${what} changed elsewhere since.`,
    'Look at it as it is now, and change it by hand if you still want to.'
  )
