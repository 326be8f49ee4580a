import { rangeOfKey } from '../../../contract/model/strengths'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import type { SweepRun } from '../board/live-sweep'

/** Milliseconds that the pointer must stay on a range. A pointer that only passes over is ignored. */
const DWELL_MS = 300

/** Asks a running sweep to score the range that the user looks at next. */
export class SweepPriority {
  private readonly latest = new Latest<string>(() => this.project.left)

  constructor(private readonly project: OpenProject) {}

  /**
   * Asks for a model after a pause, if it is a range of the running sweep.
   *
   * @param run the running sweep; null while none runs
   * @param model key of the model
   */
  async ask(run: SweepRun | null, model: string | null): Promise<void> {
    const range = run === null ? undefined : rangeOfKey(run.board, model)
    if (range === undefined || model === null) return
    const { here, client } = this.project
    const { start, end } = range
    // If the request fails, the sweep scores ranges in its usual order.
    await this.latest
      .ask(model, (signal) => client.sweeps.prioritize({ ...here, range: { start, end } }, { signal }), DWELL_MS)
      .catch(() => undefined)
  }
}
