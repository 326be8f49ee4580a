import { withKeptIdentities } from '../../contract/documents/kept-models'
import { isExternal } from '../../contract/model/model'
import {
  type EvaluatedPrompt,
  type EvaluationEvent,
  type EvaluationProgress,
  evaluationShare,
  type EvaluationSummary,
  type EvaluationView,
  answeredFirst,
  mainMeasures
} from '../../contract/documents/evaluation'
import { selectsFailures, GREEDY_VARIANTS, greedyTask } from '../../contract/documents/greedy-failures'
import type { MeasureId } from '../../contract/model/measures'
import type { ProjectState } from '../../contract/documents/project'
import { measuresOf } from '../../contract/words/evaluation-words'
import { EvaluationSetupState } from './evaluation-setup.svelte'
import { Failures, whyNoFailures } from './failures.svelte'
import { BackgroundJob } from '../app/background-job.svelte'
import { computingOf } from '../answers/computation'
import type { VariantList } from '../answers/variant-list.svelte'
import { type GenerationSpeed, RunSpeed } from '../answers/generation-speed.svelte'
import { Latest } from '../app/latest.svelte'
import { ShownRun } from '../app/shown-run.svelte'
import { JudgingJob } from './judging.svelte'
import { type Complaint, resumable } from '../ui/complaint'
import type { OpenProject } from '../app/open-project.svelte'
import type { Tasks } from '../app/tasks.svelte'

interface InspectedPrompt extends EvaluatedPrompt {
  prompt: number
}

interface LiveEvaluation {
  evaluationId: string
  progress: EvaluationProgress
}

/** Share of new answers after which a running evaluation is measured again. Measuring slows generation. */
const MIN_NEW_SHARE = 1 / 8

/** State of the Evaluate view: the running or the shown evaluation, with its axes and comparison. */
export class EvaluationsState extends ShownRun<EvaluationView> {
  /** Newest first. */
  readonly list = $derived.by<readonly EvaluationSummary[]>(() => this.project.state.evaluations)
  private stored = $state.raw<EvaluationView | null>(null)
  readonly shownView = $derived.by<EvaluationView | null>(() => {
    const { stored } = this
    if (stored === null) return null
    const variants = withKeptIdentities(
      stored.run.variants,
      ({ variant }) => variant,
      (entry, variant) => ({ ...entry, variant }),
      this.project.state.document
    )
    return variants === stored.run.variants ? stored : { ...stored, run: { ...stored.run, variants } }
  })
  /** Axes of the scatter, horizontal and vertical. */
  quality = $state<MeasureId>('accuracy')
  diversity = $state<MeasureId>('distinctRight')
  private readonly main = $derived.by(
    () => this.shownView && mainMeasures(this.shownView.run.task.kind, this.shownView.results.variants)
  )
  /** Axes for the address; null for the main measures. */
  readonly axes = $derived.by(() => {
    const { main, quality, diversity } = this
    const isMain = main === null || (quality === main.quality && diversity === main.diversity)
    return isMain ? null : `${diversity} ${quality}`
  })
  inspected = $state.raw<InspectedPrompt | null>(null)
  /** The requested reference variant, until the comparison with it is shown; null otherwise. */
  comparing = $state<string | null>(null)

  private readonly promptRequest = new Latest<number>(() => this.project.left)
  readonly job: BackgroundJob<EvaluationEvent, LiveEvaluation>
  readonly setup: EvaluationSetupState
  readonly judging: JudgingJob
  readonly failures: Failures
  readonly live = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)

  /** Error of the last evaluation. If it can be resumed, the hint names the button. */
  readonly failure = $derived.by<Complaint | null>(() => {
    const { failure, hasFailed } = this.job
    const canResume = hasFailed || this.shownView?.answered === false
    return failure === null || !canResume ? failure : resumable(failure, 'finished answers are kept')
  })

  /** Reason why no evaluation can start; null if one can. */
  readonly blocked = $derived.by(() => this.project.whyNot('evaluate', this.job))

  /** Number of answers of the running evaluation when it was last measured. */
  private measuredAt = 0
  private speed = new RunSpeed()

  /**
   * @param variants variants to choose from.
   * @param tasks tasks to choose from.
   * @param speed of generating
   */
  constructor(
    project: OpenProject,
    variants: VariantList,
    private readonly tasks: Tasks,
    speed: GenerationSpeed
  ) {
    super(project, 'evaluation')
    this.setup = new EvaluationSetupState(project, variants, tasks, speed)
    this.failures = new Failures(project, tasks)
    this.job = new BackgroundJob<EvaluationEvent, LiveEvaluation>(project, {
      kind: 'evaluation',
      holdsEngine: 'An evaluation is running',
      describeProgress: ({ progress }) => ({
        name: 'Evaluation',
        share: evaluationShare(progress),
        secondsLeft: progress.secondsLeft
      }),
      calls: () => project.client.evaluations,
      advance: (live, event) => {
        if (event.type !== 'progress') return live
        this.speed.update(event.progress)
        this.measureAgainIfDue(event)
        return event
      },
      draw: (live) => live,
      ended: (ending, live) => this.ended(ending, live)
    })
    this.judging = new JudgingJob(project, (evaluationId) => this.judged(evaluationId))
    project.onChange((state, before) => this.followState(state, before))
  }

  protected get shownId(): string | null {
    return this.stored?.run.id ?? null
  }

  /** @param wanted id of the evaluation to show; null for the newest unseen one */
  async attach(wanted: string | null): Promise<void> {
    await this.tasks.load()
    if (this.project.state.document.settings.evaluation !== undefined) this.setup.ready = true
    const view = await this.showUnseen(wanted)
    if (!this.setup.ready && view !== null && !selectsFailures(view.run)) this.setup.adoptSettings(view.run)
    this.setup.ready = true
  }

  /** Evaluations with all their answers come before stopped ones. While one may be running, the newest comes first. */
  protected inOrder({ evaluations, running, writer }: ProjectState): readonly EvaluationSummary[] {
    const mayRun = running.includes('evaluation') || writer !== null
    return mayRun ? evaluations : answeredFirst(evaluations)
  }

  private followState(state: ProjectState, before: ProjectState): void {
    const judged = before.running.includes('judging') && !state.running.includes('judging')
    if (judged && !this.judging.job.busy && this.shownView !== null) void this.judged(this.shownView.run.id)
    if (this.followList(state, before) || this.busy || this.shownView === null) return
    // An evaluation that another program resumes is loaded again, because its answers change.
    if (state.writer !== null && !this.shownView.complete && this.opening === null)
      void this.show(this.shownView.run.id)
  }

  protected clear(): void {
    this.promptRequest.drop()
    this.stored = null
    this.inspected = null
  }

  /** Compares all variants of the shown evaluation with another reference. @param variant name of the reference */
  async compareWith(variant: string): Promise<void> {
    if (this.shownView === null) return
    this.comparing = variant
    await this.show(this.shownView.run.id)
    // If a later request for the same evaluation is under way, it includes the comparison and ends it.
    if (this.opening === null && this.comparing === variant) this.comparing = null
  }

  /** Measures the shown evaluation again while it runs, as soon as it has enough new answers. */
  private measureAgainIfDue({ evaluationId, progress: { samplesDone, samplesTotal } }: LiveEvaluation): void {
    if (this.shownView?.run.id !== evaluationId || this.opening !== null) return
    if (samplesDone - this.measuredAt < MIN_NEW_SHARE * samplesTotal) return
    this.measuredAt = samplesDone
    void this.show(evaluationId)
  }

  /** Reads an evaluation. If it is already shown, its reference variant stays. */
  protected read(evaluationId: string, signal: AbortSignal): Promise<EvaluationView> {
    const { here, client } = this.project
    const { shownView: shown } = this
    const against = shown?.run.id === evaluationId ? { against: this.comparing ?? shown.results.comparedWith } : {}
    return client.evaluations.get({ ...here, evaluationId, ...against }, { signal })
  }

  protected async readMore(): Promise<void> {
    // For the same evaluation with more answers, the selected prompt stays open.
    if (this.inspected !== null) await this.inspect(this.inspected.prompt)
  }

  protected setShown(view: EvaluationView): void {
    // A requested prompt belongs to the earlier evaluation.
    this.promptRequest.drop()
    const other = this.shownView?.run.task.kind !== view.run.task.kind
    const main = mainMeasures(view.run.task.kind, view.results.variants)
    // An axis that is not measured follows the main measures, as does a diversity that the user did not choose.
    const measured = measuresOf(view.results)
    const before = this.main
    if (other || !measured.includes(this.quality)) this.quality = main.quality
    if (other || !measured.includes(this.diversity) || this.diversity === before?.diversity)
      this.diversity = main.diversity
    const again = this.shownView?.run.id === view.run.id
    if (!again || view.results.comparedWith === this.comparing) this.comparing = null
    this.stored = view
    if (!again) this.inspected = null
  }

  /** Shows the axes of an address, as far as the shown evaluation measures them. */
  applyAxes(axes: string | null): void {
    const { main, shownView } = this
    if (main === null || shownView === null) return
    const measures = measuresOf(shownView.results)
    const [diversity, quality] = (axes ?? '').split(' ').map((name) => measures.find((id) => id === name))
    this.diversity = diversity ?? main.diversity
    this.quality = quality ?? main.quality
  }

  /** Shows the judge's scores of an evaluation. Its first scores become the axis of quality. */
  async judged(evaluationId: string): Promise<void> {
    if (this.shownView?.run.id !== evaluationId) return
    const before = this.shownView.results.variants.some(({ measures }) => measures.judge !== undefined)
    await this.show(evaluationId)
    const isScored = this.shownView.results.variants.some(({ measures }) => measures.judge !== undefined)
    if (isScored && !before) this.quality = 'judge'
  }

  async inspect(prompt: number): Promise<void> {
    const { here, client } = this.project
    const evaluationId = this.shownView?.run.id
    if (evaluationId === undefined) return
    const read = await this.project.attempt(() =>
      this.promptRequest.ask(prompt, (signal) =>
        client.evaluations.prompt({ ...here, evaluationId, prompt }, { signal })
      )
    )
    if (read !== null) this.inspected = { ...read.answer, prompt }
  }

  async start(): Promise<void> {
    const { runTask, variants, computation } = this.setup
    const { embeddingModel, classifier } = this.setup.draft
    if (this.blocked !== null || this.setup.incomplete !== null || runTask === null) return
    const { here, client } = this.project
    await this.job.begin(() =>
      client.evaluations.start({
        ...here,
        task: runTask,
        variants,
        computing: computingOf(computation),
        ...(embeddingModel === '' ? {} : { embeddingModel }),
        ...(classifier === '' ? {} : { classifier })
      })
    )
  }

  /** Reason why the failures of post in the selected task cannot be determined; null if they can. */
  readonly noFailures = $derived.by(() => whyNoFailures(this.setup.task) ?? this.blocked)

  /** Starts an evaluation of post with one greedy answer per prompt, to find the prompts that it fails. */
  async startGreedyEvaluation(): Promise<void> {
    const { task, computation } = this.setup
    if (this.noFailures !== null || task === null) return
    const { here, client } = this.project
    await this.job.begin(() =>
      client.evaluations.start({
        ...here,
        task: greedyTask(task),
        variants: GREEDY_VARIANTS,
        computing: computingOf(computation)
      })
    )
  }

  /** Saves the prompts that post failed in an evaluation as a task, and selects the task. */
  async saveFailuresAsTask(evaluationId: string): Promise<void> {
    const taskId = await this.failures.keep(evaluationId)
    if (taskId !== null) this.setup.edit({ taskId })
  }

  async resume(evaluationId: string): Promise<void> {
    if (this.blocked !== null) return
    const { here, client } = this.project
    await this.job.begin(() => client.evaluations.resume({ ...here, evaluationId }))
  }

  private async ended(ending: EvaluationEvent, live: LiveEvaluation | null): Promise<void> {
    const id = ending.type === 'finished' ? ending.evaluationId : (live?.evaluationId ?? null)
    await this.project.refresh()
    const isStored = id !== null && this.list.some((evaluation) => evaluation.id === id)
    const run = isStored ? ((await this.show(id))?.run ?? null) : null
    // Runs with external models do not predict the speed of the engine.
    if (run !== null && !run.variants.some(({ variant }) => isExternal(variant)))
      this.setup.rememberSpeed(run, this.speed)
    this.speed = new RunSpeed()
    this.measuredAt = 0
  }
}
