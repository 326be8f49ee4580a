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

/** Requests to the page. A request to open something waits until a page listens. */
export class ShellRequests {
  private readonly news = new EventEmitter()
  private readonly waiting: ShellEvent[] = []

  send(event: ShellEvent): void {
    if (!this.news.emit('event', event) && event.type === 'open') this.waiting.push(event)
  }

  /** Listens from the call on, even before the stream is read. */
  watch(signal?: AbortSignal): AsyncGenerator<ShellEvent> {
    return follow(on(this.news, 'event', { signal }), this.waiting.splice(0), signal)
  }

  /** Has the page save its edits. @returns true if edits wait for the user's choice; null if no page answers in time */
  async saveEdits(limitMs: number): Promise<boolean | null> {
    const answer = once(this.news, 'edits-saved', { signal: AbortSignal.timeout(limitMs) })
    if (!this.news.emit('event', { type: 'save-edits' } satisfies ShellEvent)) return null
    return answer.then(
      (payload) => z.tuple([z.boolean()]).parse(payload)[0],
      () => null
    )
  }

  editsSaved(waits: boolean): void {
    this.news.emit('edits-saved', waits)
  }
}

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
