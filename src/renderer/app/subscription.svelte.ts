import type { OpenProject } from './open-project.svelte'

/** Follows a stream of main, such as the states after every change, or the events of a job. */
export class Subscription {
  private watching = $state.raw<AbortController | null>(null)

  constructor(private readonly project: OpenProject) {}

  get isActive(): boolean {
    return this.watching !== null
  }

  /**
   * Follows the stream until the project is left, or until this is called again, as after a reconnect.
   *
   * @param refuse reports an error of main; a lost connection has its own notice
   * @returns whether the stream ended by itself
   */
  async follow<State>(
    watch: (signal: AbortSignal) => Promise<AsyncIterable<State>>,
    take: (state: State) => unknown,
    refuse: (error: unknown) => void = (error) => this.project.complainOf(error)
  ): Promise<boolean> {
    this.stop()
    const watching = new AbortController()
    this.watching = watching
    const signal = AbortSignal.any([watching.signal, this.project.left])
    try {
      for await (const state of await watch(signal)) {
        if (signal.aborted) break
        await take(state)
      }
    } catch (error) {
      if (!signal.aborted && this.project.connected) refuse(error)
    }
    if (this.watching !== watching) return false
    this.watching = null
    return !this.project.left.aborted
  }

  stop(): void {
    this.watching?.abort()
    this.watching = null
  }
}
