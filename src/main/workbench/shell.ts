import { EventEmitter, on, once } from 'node:events'
import { z } from 'zod'
import { ShellEvent, type ThemeChoice } from '../../contract/procedures/shell'

/** Functions of the desktop around the page: the file manager, the theme and the log. */
export interface Shell {
  readonly requests: ShellRequests
  showInFolder(path: string): void
  setTheme(choice: ThemeChoice): void
  /** Folder of the files that defects are written to. */
  readonly logFolder: string
}

/** Requests from the desktop to the page. A request to open a project waits until a page listens. */
export class ShellRequests {
  private readonly news = new EventEmitter()
  private readonly waiting: ShellEvent[] = []

  send(event: ShellEvent): void {
    if (!this.news.emit('event', event) && event.type === 'open') this.waiting.push(event)
  }

  /** Yields requests for the page. Requests between this call and the first reading of the stream are not lost. */
  watch(signal?: AbortSignal): AsyncGenerator<ShellEvent> {
    return follow(on(this.news, 'event', { signal }), this.waiting.splice(0), signal)
  }

  /** Asks the page to save its edits. @returns true if edits wait for the user; null if no page answers in time */
  async saveEdits(limitMs: number): Promise<boolean | null> {
    const answer = once(this.news, 'edits-saved', { signal: AbortSignal.timeout(limitMs) })
    if (!this.news.emit('event', { type: 'save-edits' } satisfies ShellEvent)) return null
    return answer.then(
      (payload) => z.tuple([z.boolean()]).parse(payload)[0],
      () => null
    )
  }

  /** Receives the page's answer to {@link saveEdits}. @param waits true if edits wait for the user's choice */
  editsSaved(waits: boolean): void {
    this.news.emit('edits-saved', waits)
  }
}

/** Yields waiting requests, and then new ones until `signal` fires. */
async function* follow(
  events: AsyncIterable<unknown>,
  first: readonly ShellEvent[],
  signal: AbortSignal | undefined
): AsyncGenerator<ShellEvent> {
  yield* first
  try {
    for await (const payload of events) yield* z.tuple([ShellEvent]).parse(payload)
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}
