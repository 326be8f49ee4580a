import { EventEmitter, on, once } from 'node:events'
import { z } from 'zod'
import { ShellEvent, type ThemeChoice } from '../../contract/procedures/shell'

/** What an entry with a window of its own gives the page, beside the contract's other procedures. */
export interface Shell {
  readonly requests: ShellRequests
  /** Shows a file or folder in the system's file manager. */
  showInFolder(path: string): void
  /** Of the frame, its menus and dialogs. */
  setTheme(choice: ThemeChoice): void
  /** Where defects are written to. */
  readonly logFolder: string
}

/** What is asked of the page, and kept until there is one that hears it. */
export class ShellRequests {
  private readonly news = new EventEmitter()
  private readonly waiting: ShellEvent[] = []

  tell(event: ShellEvent): void {
    if (!this.news.emit('event', event) && event.type === 'open') this.waiting.push(event)
  }

  /** Hears from the call on, also before anything is taken from the stream. */
  watch(signal?: AbortSignal): AsyncGenerator<ShellEvent> {
    return follow(on(this.news, 'event', { signal }), this.waiting.splice(0), signal)
  }

  /** Has the page save what is being edited. @returns whether it keeps edits that wait for the user; null when no page answers in time */
  async settle(limitMs: number): Promise<boolean | null> {
    const answer = once(this.news, 'settled', { signal: AbortSignal.timeout(limitMs) })
    if (!this.news.emit('event', { type: 'settle' } satisfies ShellEvent)) return null
    return answer.then(
      (told) => z.tuple([z.boolean()]).parse(told)[0],
      () => null
    )
  }

  settled(waits: boolean): void {
    this.news.emit('settled', waits)
  }
}

async function* follow(
  events: AsyncIterable<unknown>,
  first: readonly ShellEvent[],
  signal: AbortSignal | undefined
): AsyncGenerator<ShellEvent> {
  yield* first
  try {
    for await (const told of events) yield* z.tuple([ShellEvent]).parse(told)
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}
