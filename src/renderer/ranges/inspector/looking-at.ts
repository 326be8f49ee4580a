import { rangeOfKey } from '../../../contract/model/strengths'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import type { SweepRun } from '../board/live-sweep'

/** Milliseconds that the pointer must stay on a range. A pointer that only passes over is ignored. */
const DWELL_MS = 300

/** Reports the range that the user looks at to a running sweep, so that a preview scores it next. */
export class LookingAt {
  /**
   * Key of the model whose name is being typed; null for none. The inspector stays at it even if the selection
   * changes.
   */
  named: string | null = null
  private readonly latest: Latest<string>

  constructor(private readonly project: OpenProject) {
    this.latest = new Latest(project.left)
  }

  /** Handles the choice of a model and reports it to the running sweep. */
  choose(run: SweepRun | null, model: string | null): Promise<void> {
    if (model !== this.named) this.named = null
    return this.report(run, model)
  }

  /**
   * Reports a model to the running sweep if it is a range of that sweep.
   *
   * @param model key of the model
   */
  async report(run: SweepRun | null, model: string | null): Promise<void> {
    const range = run === null ? undefined : rangeOfKey(run.board, model)
    if (range === undefined || model === null) return
    const { here, client } = this.project
    const { start, end } = range
    // If the report fails, the sweep scores ranges in its usual order.
    await this.latest
      .ask(model, (signal) => client.sweeps.prioritize({ ...here, range: { start, end } }, { signal }), DWELL_MS)
      .catch(() => undefined)
  }
}
