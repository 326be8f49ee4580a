import type { OpenProject } from './open-project.svelte'

/** Follows a stream of states that main sends after every change. */
export class Subscription {
  private watching: AbortController | null = null

  constructor(private readonly project: OpenProject) {}

  get isActive(): boolean {
    return this.watching !== null
  }

  /**
   * Follows the stream until the project is left, or until this is called again, as after a reconnect.
   *
   * @param refuse reports an error of main; a lost connection has its own notice
   */
  async follow<State>(
    watch: (signal: AbortSignal) => Promise<AsyncIterable<State>>,
    take: (state: State) => void,
    refuse: (error: unknown) => void = (error) => this.project.complainOf(error)
  ): Promise<void> {
    this.stop()
    const watching = new AbortController()
    this.watching = watching
    const signal = AbortSignal.any([watching.signal, this.project.left])
    try {
      for await (const state of await watch(signal)) {
        if (signal.aborted) return
        take(state)
      }
    } catch (error) {
      if (!signal.aborted && this.project.connected) refuse(error)
    }
  }

  stop(): void {
    this.watching?.abort()
    this.watching = null
  }
}
