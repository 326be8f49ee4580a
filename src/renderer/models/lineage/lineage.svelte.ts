import type { LineageDocument, LineageEvent } from '../../../contract/documents/lineage'
import type { KeptCheckpoint } from '../../../contract/documents/project'
import type { SweepPlan } from '../../../contract/documents/sweep-plan'
import type { LineageSettings } from '../../../contract/work/settings'
import type { ShownJob } from '../../../contract/work/work-list'
import { BackgroundJob } from '../../app/background-job.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { PlanRequest } from '../../app/plan-request.svelte'
import { usableCheckpoints } from '../../recipes/other-checkpoints'
import type { WorkList } from '../pairs/work-list.svelte'

type LineageProgress = Extract<LineageEvent, { type: 'progress' }>

interface LineageScoring {
  /** Task that scores the stages; null for the prompts or task of the next sweep. */
  readonly task: string | null
  /** Task whose precision limits the selection instead of the precision on `task`; null for none. */
  readonly keep: string | null
}

/** The newest lineage of the pair, settings and plan of the next one, and the job that computes it. */
export class Lineage extends PlanRequest<SweepPlan> {
  document = $state.raw<LineageDocument | null>(null)
  readonly job: BackgroundJob<LineageEvent, LineageProgress>
  /** Entry of the queue; null if none waits, runs or has stopped. */
  readonly queued = $derived.by<(ShownJob & { settings: LineageSettings }) | null>(() => {
    for (const job of this.work.state?.jobs ?? [])
      if (job.work.kind === 'lineage' && job.pair === this.project.here.pair)
        return { ...job, settings: job.work.settings }
    return null
  })
  /** True while the lineage waits or runs. */
  readonly busy = $derived.by(() => this.job.busy || (this.queued !== null && this.queued.problem === null))
  readonly usable = $derived.by(() => usableCheckpoints(this.project.state))
  /** Checkpoints between base and post, in the order of the training. */
  readonly stages = $derived.by<readonly KeptCheckpoint[]>(() => {
    const ids = this.chosen ?? this.queued?.settings.stages ?? this.computedIds
    return ids.flatMap((id) => this.usable.find((checkpoint) => checkpoint.id === id) ?? [])
  })
  /** The chosen scoring, or the scoring of the queued lineage. */
  readonly scoring = $derived.by<LineageScoring>(() => {
    const { task, regain, keep } = this.queued?.settings ?? {}
    return this.chosenScoring ?? { task: regain ?? task ?? null, keep: keep ?? null }
  })
  readonly settings = $derived.by<LineageSettings>(() => {
    const { task, keep } = this.scoring
    const scored = task === null ? {} : keep === null ? { task } : { regain: task, keep }
    return { ...scored, stages: this.stages.map(({ id }) => id) }
  })
  private chosenScoring = $state.raw<LineageScoring | null>(null)
  private chosen = $state.raw<readonly string[] | null>(null)
  private readonly computedIds = $derived.by(() => {
    const { document } = this
    if (document === null) return this.usable.map(({ id }) => id)
    return document.stages.flatMap(
      ({ fingerprint }) => this.usable.find((checkpoint) => checkpoint.fingerprint === fingerprint)?.id ?? []
    )
  })

  constructor(
    private readonly project: OpenProject,
    private readonly work: WorkList
  ) {
    super(project.left)
    this.job = new BackgroundJob<LineageEvent, LineageProgress>(project, {
      kind: 'lineage',
      holdsEngine: 'Stages are being compared',
      describeProgress: ({ share, secondsLeft }) => ({ name: 'Lineage', share: share ?? 0, secondsLeft }),
      calls: () => project.client.lineages,
      advance: (_, event) => (event.type === 'progress' ? event : null),
      draw: (progress) => progress,
      ended: async ({ type }) => {
        if (type === 'finished') await this.load()
      }
    })
  }

  async load(): Promise<void> {
    const { here, client } = this.project
    this.document = await this.project.attempt(() => client.lineages.get(here))
  }

  /** Adds a checkpoint as the last stage before post, or leaves a stage out. */
  toggle(id: string): void {
    const ids = this.stages.map((stage) => stage.id)
    this.chosen = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]
  }

  scoreBy(task: string | null, keep: string | null): void {
    this.chosenScoring = { task, keep: keep === task ? null : keep }
  }

  moveUp(id: string): void {
    const ids = this.stages.map((stage) => stage.id)
    const index = ids.indexOf(id)
    this.chosen = ids.toSpliced(index, 1).toSpliced(index - 1, 0, id)
  }

  /** Queues the lineage. An interrupted one with equal settings is resumed. */
  async start(): Promise<void> {
    const { here, client } = this.project
    const work = { kind: 'lineage' as const, settings: this.settings }
    await this.project.attempt(() => client.work.add({ path: here.path, pairs: [here.pair], work, again: true }))
  }

  protected async request(signal: AbortSignal): Promise<SweepPlan | null> {
    const { here, client } = this.project
    return client.lineages.plan({ ...here, settings: this.settings }, { signal })
  }
}
