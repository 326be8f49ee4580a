/** Runs a change of a project's files after earlier ones; refuses if the project is read-only. */
export type RunChange = <T>(task: () => Promise<T>) => Promise<T>

export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => undefined)
    return result
  }
}
