import type { ProjectState } from '../../../contract/documents/project'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { elementAt } from '../../../contract/model/look-up'
import { DEFAULT_UNIFORM_BLENDS } from '../../../contract/model/recipe'
import type { SweepPlan } from '../../../contract/documents/sweep-plan'
import { areSamePrompts } from '../../prompt-set/prompt-draft'
import { sameRecord } from '../../ui/same-record'
import type { OpenProject } from '../../app/open-project.svelte'
import { PlanRequest } from '../../app/plan-request.svelte'
import type { Tasks } from '../../app/tasks.svelte'
import { askedCount, sameTask, scoringOf } from './scoring-choice'
import type { ReusableWork } from './sweep-words'

/**
 * Returns a text of everything that a project's next sweep depends on.
 *
 * @param preview true for a preview
 */
export function sweepKey({ path, pair, document, prompts, saved }: ProjectState, preview: boolean): string {
  const { scoredBy, source, uniformBlendCount, device, memoryBytes } = document.settings
  return JSON.stringify([
    path,
    pair?.base.fingerprint,
    pair?.post.fingerprint,
    prompts,
    document.rendering,
    document.recipes.map(({ recipe }) => recipe),
    document.otherCheckpoints,
    scoredBy,
    saved.tasks,
    source,
    uniformBlendCount,
    device,
    memoryBytes,
    preview
  ])
}

/** Reports whether the next sweep can reuse results and still has something to compute, as after an interruption. */
const savesWork = ({ known: { prompts, of, begun }, interrupted }: ReusableWork): boolean =>
  (prompts > 0 || begun !== null) && (interrupted || prompts < of)

/** Settings and plan of the next sweep. {@link sweepKey} names all that the plan depends on. */
export class SweepPlanning extends PlanRequest<SweepPlan> {
  /** True if ranges that cannot be selected are to be scored on only a few prompts. */
  preview = $state(false)
  /**
   * Results of an interrupted or finished sweep that the next one can reuse; null while unknown, or if there are none.
   */
  reusable = $state.raw<ReusableWork | null>(null)
  /** Reason why no sweep can run with these settings; null if one can, and for failures that may be temporary. */
  readonly impossible = $derived.by(() =>
    this.failure?.code === 'out-of-memory' || this.failure?.code === 'bad-input' ? this.failure.message : null
  )

  readonly scoring = $derived.by<ScoredByBrief>(() =>
    scoringOf(this.project.state.document.settings.scoredBy, this.tasks.list)
  )
  readonly askedCount = $derived.by(() => {
    const { document, prompts } = this.project.state
    return askedCount(document.settings.scoredBy, this.tasks.list, prompts.length)
  })
  /** True if the prompts or their rendering differ from those of the shown sweep. */
  readonly changedSince = $derived.by(() => {
    const { sweep, run } = this.view
    const { state } = this.project
    if (sweep === null || run !== null) return false
    return (
      (sweep.scoredBy.kind === 'crc' && !areSamePrompts(state.prompts, sweep.prompts)) ||
      !sameRecord(state.document.rendering, sweep.rendering)
    )
  })
  /** True if prompts or rendering have changed and the next sweep has the same task as the shown one. */
  readonly outdated = $derived.by(
    () => this.changedSince && sameTask(this.view.sweep?.scoredBy ?? this.scoring, this.scoring)
  )
  /** True if the next sweep is a preview. A preview of the same prompts is completed instead of repeated. */
  readonly previews = $derived.by(() => this.preview && ((this.view.sweep?.preview ?? null) === null || this.outdated))

  /**
   * @param view the shown sweep and the running one
   *
   * @param tasks tasks that a sweep can be scored by
   */
  constructor(
    private readonly project: OpenProject,
    private readonly view: {
      readonly sweep: ShownSweep | null
      readonly run: object | null
      readonly busy: boolean
    },
    private readonly tasks: Tasks
  ) {
    super(project.left)
  }

  async setUniformBlends(on: boolean): Promise<void> {
    const uniformBlendCount = on ? DEFAULT_UNIFORM_BLENDS : 0
    await this.project.set(on ? 'score blends' : 'leave blends out', { settings: { uniformBlendCount } })
  }

  /**
   * Sets the source that layers are restored to.
   *
   * @param id id of another checkpoint of the project; null for base
   */
  async setSource(id: string | null): Promise<void> {
    const named = this.project.state.document.otherCheckpoints.filter((other) => other.id === id)
    const name = id === null ? 'base' : elementAt(named, 0, 'checkpoint').name
    await this.project.set(`restore to ${name}`, { settings: { source: id } })
  }

  async loadReusable(): Promise<void> {
    const { here, client } = this.project
    if (this.view.busy) return
    // If the pair or the prompts cannot be read, other views report the reason.
    const reusable = await client.sweeps.known(here).catch(() => null)
    if (this.view.busy) return
    this.reusable = reusable !== null && savesWork(reusable) ? reusable : null
  }

  protected async request(signal: AbortSignal): Promise<SweepPlan | null> {
    const { here, client } = this.project
    // Other results may be reusable with the new settings.
    await this.loadReusable()
    return client.sweeps.plan({ ...here, preview: this.previews }, { signal })
  }
}
