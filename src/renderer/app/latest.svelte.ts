/** Questions of which only the newest counts: each aborts the one before, whose answer is not heard any more. */
export class Latest<Question extends NonNullable<unknown>> {
  /** The newest question while its answer is awaited; null otherwise. */
  awaited = $state.raw<Question | null>(null)
  private asking: AbortController | null = null

  /** @param over aborted when no answer is wanted any more */
  constructor(private readonly over?: AbortSignal) {}

  /**
   * Asks, and forgets what was asked before.
   *
   * @param request has to give up when its signal is aborted, or just goes on in vain
   * @param restMs waited before the request is made, for questions that change while somebody types
   * @returns the answer; null when another question, or {@link drop}, came first
   * @throws what the request throws while it is the newest
   */
  async ask<Answer>(
    question: Question,
    request: (signal: AbortSignal) => Promise<Answer>,
    restMs = 0
  ): Promise<{ answer: Answer } | null> {
    this.asking?.abort()
    const asking = new AbortController()
    this.asking = asking
    this.awaited = question
    const signal = this.over === undefined ? asking.signal : AbortSignal.any([asking.signal, this.over])
    try {
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs))
      if (signal.aborted) return null
      const answer = await request(signal)
      return signal.aborted ? null : { answer }
    } catch (error) {
      if (signal.aborted) return null
      throw error
    } finally {
      if (this.asking === asking) {
        this.asking = null
        this.awaited = null
      }
    }
  }

  /**
   * Asks, and applies the answer while the question is still awaited, so that nothing shows the state in between.
   *
   * @returns the answer; null when another question, or {@link drop}, came first
   */
  async apply<Answer>(
    question: Question,
    request: (signal: AbortSignal) => Promise<Answer>,
    take: (answer: Answer) => void
  ): Promise<Answer | null> {
    const asked = await this.ask(question, async (signal) => {
      const answer = await request(signal)
      if (!signal.aborted) take(answer)
      return answer
    })
    return asked?.answer ?? null
  }

  /** Takes the question back. */
  drop(): void {
    this.asking?.abort()
    this.asking = null
    this.awaited = null
  }
}
