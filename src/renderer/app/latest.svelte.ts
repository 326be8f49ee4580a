/** Sends requests of which only the newest counts. Each request aborts the one before. */
export class Latest<Question extends NonNullable<unknown>> {
  /** The newest question while its answer is awaited, else null. */
  awaited = $state.raw<Question | null>(null)
  private asking: AbortController | null = null

  /** @param ended returns the signal that aborts all questions once their owner is left, such as a project */
  constructor(private readonly ended: () => AbortSignal | undefined = () => undefined) {}

  /**
   * Asks a question and aborts the one before.
   *
   * @param request stops when its signal is aborted.
   * @param restMs waits before the request, for questions that change during typing.
   * @returns the answer; null if another question or {@link drop} came first.
   * @throws the error of the newest request
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
    const ended = this.ended()
    const signal = ended === undefined ? asking.signal : AbortSignal.any([asking.signal, ended])
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
   * @returns the answer; null if another question or {@link drop} came first
   */
  async apply<Answer>(
    question: Question,
    request: (signal: AbortSignal) => Promise<Answer>,
    apply: (answer: Answer) => void
  ): Promise<Answer | null> {
    const result = await this.ask(question, async (signal) => {
      const answer = await request(signal)
      if (!signal.aborted) apply(answer)
      return answer
    })
    return result?.answer ?? null
  }

  drop(): void {
    this.asking?.abort()
    this.asking = null
    this.awaited = null
  }
}
