import type { OpenProject } from './open-project.svelte'

/** Something of a project that main tells of again after every change. */
export class Subscription {
  private watching: AbortController | null = null

  constructor(private readonly project: OpenProject) {}

  /**
   * Hears of it until the project is left, or it is followed anew: when the project is opened, and whenever the connection was made
   * again. Tells the user when main refuses; a connection that was lost has its own notice.
   */
  async follow<Told>(
    watch: (signal: AbortSignal) => Promise<AsyncIterable<Told>>,
    take: (told: Told) => void
  ): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    const signal = AbortSignal.any([watching.signal, this.project.left])
    try {
      for await (const told of await watch(signal)) {
        if (!signal.aborted) take(told)
      }
    } catch (error) {
      if (!signal.aborted && this.project.connected) this.project.complainOf(error)
    }
  }
}
