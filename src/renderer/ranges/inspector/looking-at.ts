import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import type { SweepRun } from '../board/live-sweep'
import { rangeOf } from '../board/score-board'

/** What a pointer only passes over is not looked at. */
const REST_MS = 300

/** Tells a running sweep which range is looked at, so that a preview scores it next. */
export class LookingAt {
  /** The model that a name is typed for: the inspector stays at it, whatever is selected meanwhile; null for none. */
  named: string | null = null
  private readonly telling: Latest<string>

  constructor(private readonly project: OpenProject) {
    this.telling = new Latest(project.left)
  }

  /** Hears that a model is chosen, which {@link tell} tells. */
  chosen(run: SweepRun | null, model: string | null): Promise<void> {
    if (model !== this.named) this.named = null
    return this.tell(run, model)
  }

  /** @param model its key; of what is no range of the sweep nothing is told */
  async tell(run: SweepRun | null, model: string | null): Promise<void> {
    const range = run === null ? undefined : rangeOf(run.board, model)
    if (range === undefined || model === null) return
    const { here, client } = this.project
    const { start, end } = range
    // Where it cannot be told, the sweep keeps to its own order.
    await this.telling
      .ask(model, (signal) => client.sweeps.lookAt({ ...here, range: { start, end } }, { signal }), REST_MS)
      .catch(() => undefined)
  }
}
