import type { OpenProject } from './open-project.svelte'

/** Follows a stream of main, such as the states after every change, or the events of a job. */
export class Subscription {
  private current = $state.raw<AbortController | null>(null)

  constructor(private readonly project: () => OpenProject) {}

  get isActive(): boolean {
    return this.current !== null
  }

  /**
   * Follows the stream until the project is left, or until this is called again, as after a reconnect.
   *
   * @param refuse reports an error of main; a lost connection has its own notice
   * @returns whether the stream ended by itself
   */
  async follow<State>(
    watch: (signal: AbortSignal) => Promise<AsyncIterable<State>>,
    handle: (state: State) => unknown,
    refuse: (error: unknown) => void = (error) => this.project().complainOf(error)
  ): Promise<boolean> {
    this.stop()
    const current = new AbortController()
    const project = this.project()
    this.current = current
    const signal = AbortSignal.any([current.signal, project.left])
    try {
      for await (const state of await watch(signal)) {
        if (signal.aborted) break
        await handle(state)
      }
    } catch (error) {
      if (!signal.aborted && project.connected) refuse(error)
    }
    if (this.current !== current) return false
    this.current = null
    return !project.left.aborted
  }

  stop(): void {
    this.current?.abort()
    this.current = null
  }
}
