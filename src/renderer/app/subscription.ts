import type { OpenProject } from './open-project.svelte'

/** Follows a stream of states that main sends after every change. */
export class Subscription {
  private watching: AbortController | null = null

  constructor(private readonly project: OpenProject) {}

  /**
   * Follows the stream until the project is left or this is called again, as after a reconnect. Reports an error of
   * main; a lost connection has its own notice.
   */
  async follow<State>(
    watch: (signal: AbortSignal) => Promise<AsyncIterable<State>>,
    take: (state: State) => void
  ): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    const signal = AbortSignal.any([watching.signal, this.project.left])
    try {
      for await (const state of await watch(signal)) {
        if (!signal.aborted) take(state)
      }
    } catch (error) {
      if (!signal.aborted && this.project.connected) this.project.complainOf(error)
    }
  }
}
