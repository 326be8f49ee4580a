import { type SweepResult, sweepResult } from './sweep-result'
import { defaultSweepFirst } from '../../contract/documents/default-sweep'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import type { ProjectState, SavedCounts, SweepSummary } from '../../contract/documents/project'
import type { RestorationRange } from '../../contract/model/recipe'
import type { SweepEvent } from '../../contract/documents/sweep-events'
import { sameTask } from './new-sweep/scoring-choice'
import { boardOfSweep, withSelection } from './board/build-board'
import type { ScoreBoard } from './board/score-board'
import type { RestorationSource } from '../../contract/model/model'
import { rangeKey } from '../../contract/model/strengths'
import type { KeptModels } from '../../contract/documents/kept-models'
import { otherModels, scoredModel, type ScoredModel } from '../recipes/scored-models'
import { selectedKey, LimitedSelection } from './what-if/limited-selection.svelte'
import { RangesChoices } from './ranges-choices.svelte'
import { LiveSweep, type SweepRun } from './board/live-sweep'
import { EvaluatedRange } from './board/evaluated-range.svelte'
import { BackgroundJob } from '../app/background-job.svelte'
import type { OpenProject } from '../app/open-project.svelte'
import type { Tasks } from '../app/tasks.svelte'
import { ShownRun } from '../app/shown-run.svelte'
import { AnswerChecks } from './check/answer-checks.svelte'
import { SweepForCheck } from './check/checked-sweep.svelte'
import { FirstAnswers } from './first-screen/first-answers.svelte'
import { readSweepAndCheck, type ReadSweep } from './board/read-sweep'
import { RecipeScoring } from './board/recipe-scoring.svelte'
import { RecipeSearch } from '../recipes/recipe-search.svelte'
import { shownNumbers } from './what-if/shown-numbers'
import { WhatIfAsking } from './what-if/what-if.svelte'
import { SweepComparing } from './comparison/sweep-comparing.svelte'
import { SweepPlanning } from './new-sweep/sweep-planning.svelte'
import { doneShare } from '../app/window-job'

type ShownRange = ShownSweep['ranges'][number]

/** State of the Ranges view: the running or shown sweep, and its checks, searches and comparisons. */
export class Ranges extends ShownRun<ReadSweep> {
  readonly job: BackgroundJob<SweepEvent, SweepRun>
  readonly search: RecipeSearch
  readonly check: AnswerChecks
  /** The first screen of the demo, before it is swept. */
  readonly firstAnswers: FirstAnswers
  readonly checked: SweepForCheck
  readonly planning: SweepPlanning
  readonly scoring: RecipeScoring
  readonly choices: RangesChoices
  readonly whatIf: WhatIfAsking
  readonly comparing: SweepComparing
  readonly evaluated: EvaluatedRange
  sweep = $state.raw<ShownSweep | null>(null)

  readonly limited: LimitedSelection
  readonly selecting = $derived.by(() => this.limited.awaited)
  readonly selection = $derived.by(() => this.limited.current)
  /** Share of post's validity that a selected range must keep. */
  readonly rho = $derived.by(() => this.limited.rho)
  readonly run = $derived.by(() => this.job.live)
  /** The kept recipes and checkpoints, which determine current names of models. */
  readonly keptModels = $derived.by<KeptModels>(() => this.project.state.document)
  readonly numbers = $derived.by(() =>
    shownNumbers(
      { sweep: this.sweep, selection: this.limited.current, rho: this.limited.rho, check: this.check.document },
      this.whatIf.answer
    )
  )
  private readonly shownBoard = $derived.by<ScoreBoard | null>(() => {
    const { sweep, selection, whatIf } = this.numbers
    if (sweep === null) return null
    const halved = (whatIf === null ? sweep : this.sweep)?.selected ?? null
    const search = whatIf === null ? this.search.document : null
    return withSelection(boardOfSweep(sweep, search, this.keptModels, halved), selection)
  })
  readonly board = $derived.by<ScoreBoard | null>(() => this.run?.board ?? this.shownBoard)
  /** Scores of the sweep that was shown before the running one, if both have the same task; null while none runs. */
  readonly before = $derived.by<ScoreBoard | null>(() => {
    const { sweep } = this
    if (!this.busy || sweep === null) return null
    const scoredBy = this.run?.board.scoredBy ?? this.planning.scoring
    return sameTask(sweep.scoredBy, scoredBy) ? boardOfSweep(sweep, null, this.keptModels) : null
  })
  readonly selectedModel = $derived.by(() => selectedKey(this.numbers.selection, this.numbers.sweep))
  /** Value of the slider, which changes before the shown selection does. */
  readonly wantedRho = $derived.by(() => this.whatIf.asked?.rho ?? this.rho)
  /** True if answers of the pair's models were shown in Chat or Samples. */
  readonly hasAnswers = $derived.by(() => this.project.state.sampleRuns.length > 0 || this.needs.hasChatTurns())
  /** The verdict on the shown numbers, and the label of the selected range. */
  readonly result = $derived.by<SweepResult | null>(() => sweepResult(this))
  /**
   * The chosen model. Null while another sweep runs, because its scores are not those of the document. Also null if
   * What if has no score for the model.
   */
  readonly chosenModel = $derived.by<ScoredModel | null>(() => {
    const { sweep, whatIf } = this.numbers
    const { chosen } = this.choices
    if (this.run !== null || sweep === null || chosen === null) return null
    return scoredModel(sweep, whatIf === null ? this.search.document : null, chosen, this.keptModels)
  })
  readonly selected = $derived.by(() => this.limited.selected)
  readonly selectedScore = $derived.by<ShownRange | null>(() => {
    // While another sweep runs, the shown scores are not those of the document.
    if (this.run !== null) return null
    const { sweep } = this
    return sweep?.ranges.find((score) => rangeKey(score, sweep) === this.selected) ?? null
  })
  readonly busy = $derived.by(() => this.job.busy)
  /** True while the pair's default sweep is being read. Its selection is unknown until its check is read. */
  readonly awaitsNewest = $derived.by(() => this.opening !== null && this.opening === this.newest)
  /**
   * The range that is selected in the sweep that the pair answers with, under the current limit. Null for none, and
   * while unknown.
   */
  readonly selectedOfNewest = $derived.by<(RestorationRange & RestorationSource) | null>(() => {
    const [defaultSweep] = this.inOrder(this.project.state)
    if (defaultSweep === undefined) return null
    const selected = this.selectedIn(defaultSweep)
    if (selected === null) return null
    const { layerCount, source } = defaultSweep
    return { ...selected, layerCount, source }
  })

  /** The sweep that was shown before, and its last selection. */
  private previousSweep = $state.raw<{ id: string; selected: RestorationRange | null } | null>(null)
  /** Count of stored checks in the last state received. */
  private savedChecks: number

  /** @param needs prompts to save before a sweep, tasks that score sweeps, and the state of Chat */
  constructor(
    project: OpenProject,
    private readonly needs: {
      prompts: { flush(): Promise<void> }
      tasks: Tasks
      hasChatTurns: () => boolean
    }
  ) {
    super(project, 'sweep')
    this.savedChecks = project.state.saved.answerChecks
    this.choices = new RangesChoices(project, this)
    this.limited = new LimitedSelection(project, this, (show) =>
      this.followSelection(() => {
        show()
        this.comparing.compareAgain()
      })
    )
    const live = new LiveSweep(() => {
      this.choices.inspectsAtEnd = false
      this.choices.pick(null)
      this.whatIf.close()
      this.comparing.close()
    })
    this.job = new BackgroundJob<SweepEvent, SweepRun>(project, {
      kind: 'sweep',
      holdsEngine: 'A sweep is running',
      describeProgress: ({ isPreview, progress: { rowsDone, rowsTotal, secondsLeft } }) => ({
        name: isPreview ? 'Preview' : 'Sweep',
        share: doneShare(rowsDone, rowsTotal),
        secondsLeft
      }),
      calls: () => project.client.sweeps,
      advance: (run, event) => live.advance(run, event),
      draw: (run) => live.drawn(run),
      ended: async (ending) => {
        if (ending.type === 'finished') await this.finish(ending.sweepId)
        else this.choices.pick(this.selected)
      },
      idle: () => this.planning.loadReusable()
    })
    this.search = new RecipeSearch(project)
    this.firstAnswers = new FirstAnswers(project)
    this.check = new AnswerChecks(project, (sweepId) => this.reloadCheck(sweepId))
    this.checked = new SweepForCheck(project, this)
    this.scoring = new RecipeScoring(project, this)
    this.planning = new SweepPlanning(project, this, needs.tasks)
    this.whatIf = new WhatIfAsking(project, this, (apply) => this.followSelection(apply))
    this.comparing = new SweepComparing(project, this)
    this.evaluated = new EvaluatedRange(project, this)
    project.onChange((state, before) => this.onProjectChanged(state, before))
  }

  private selectedIn({ id, selected }: SweepSummary): RestorationRange | null {
    if (this.sweep?.id === id) return this.selection?.selected ?? null
    if (this.previousSweep?.id === id) return this.previousSweep.selected
    return this.awaitsNewest ? null : selected
  }

  protected get shownId(): string | null {
    return this.sweep?.id ?? null
  }

  /** Returns the sweeps, that of the pair's answer first. A preview does not precede a full sweep of its prompts. */
  protected inOrder({ sweeps }: ProjectState): readonly SweepSummary[] {
    return defaultSweepFirst(sweeps)
  }

  /** @param wanted id of another sweep to show than the newest unseen one */
  async attach(wanted: string | null): Promise<void> {
    if ((await this.showUnseen(wanted)) === null) await this.search.lookForUnfinished()
  }

  private onProjectChanged(state: ProjectState, before: ProjectState): void {
    const { rho } = state.document.settings
    if (rho !== before.document.settings.rho) this.limited.onLimitChanged(rho)
    void this.reloadSavedCheck(state.saved)
    if (!this.followList(state, before)) void this.search.updateRuns(state.history.runs, before.history.runs)
    const scored = before.running.includes('recipe score') && !state.running.includes('recipe score')
    if (scored && !this.scoring.job.busy) void this.refresh()
  }

  protected clear(): void {
    this.reading.drop()
    this.limited.show(null)
    this.whatIf.close()
    this.comparing.close()
    this.sweep = null
    this.check.document = null
    this.search.reset()
    this.choices.pick(null)
  }

  /**
   * Reloads the check if another window or program has saved one. Jobs that this window follows reload it themselves.
   */
  private async reloadSavedCheck({ answerChecks }: SavedCounts): Promise<void> {
    const before = this.savedChecks
    this.savedChecks = answerChecks
    const sweepId = this.sweep?.id
    if (sweepId === undefined) return
    if (answerChecks !== before && !this.check.busy) await this.reloadCheck(sweepId)
  }

  protected read(sweepId: string, signal: AbortSignal): Promise<ReadSweep> {
    return readSweepAndCheck(this.project, { sweepId, rhoNow: () => this.rho }, signal)
  }

  protected async readMore({ sweep }: ReadSweep): Promise<void> {
    this.comparing.compareAgain()
    void this.checked.reload()
    await this.search.show(sweep.id)
  }

  /** Shows a sweep with its selected range chosen. */
  protected setShown({ sweep, selection, check }: ReadSweep): void {
    if (this.sweep !== null && this.sweep.id === this.newest)
      this.previousSweep = { id: this.sweep.id, selected: this.selection?.selected ?? null }
    this.limited.show(selection)
    this.whatIf.close()
    this.sweep = sweep
    this.check.document = check
    const [firstRange] = sweep.ranges
    const fallback = firstRange === undefined ? otherModels(sweep, null)[0]?.key : rangeKey(firstRange, sweep)
    this.choices.pick(this.selected ?? fallback ?? null)
  }

  /** Loads the check of the shown sweep and selects again with it. */
  private async reloadCheck(sweepId: string): Promise<void> {
    const { here, client } = this.project
    if (sweepId !== this.sweep?.id) return
    const check = await this.project.attempt(() => client.checks.get({ ...here, sweepId }))
    if (sweepId !== this.sweep?.id) return
    // Check and selection change together, so that no range is shown as selected and failing.
    await this.limited.ask({ alongside: () => (this.check.document = check) })
  }

  /**
   * Starts a sweep.
   *
   * @param fresh true to compute reusable results again
   */
  async start(fresh = false): Promise<void> {
    if (this.busy || this.project.whyNot('sweep') !== null || this.planning.impossible !== null) return
    const { previews: preview } = this.planning
    this.planning.reusable = null
    this.choices.tab = 'result'
    // A sweep that completes a preview is not a preview, and neither is the sweep after it.
    if (!preview) this.planning.preview = false
    await this.job.begin(async () => {
      await this.needs.prompts.flush()
      const { client, here, host } = this.project
      await client.sweeps.start({ ...here, fresh, preview, check: host.checksAfterSweep.on })
    })
  }

  private async finish(sweepId: string): Promise<void> {
    await this.project.refresh()
    const { chosen, inspectsAtEnd } = this.choices
    this.choices.inspectsAtEnd = false
    await this.show(sweepId)
    const { sweep } = this
    // A range that the user chose while the sweep ran stays chosen.
    if (inspectsAtEnd && sweep?.ranges.some((range) => rangeKey(range, sweep) === chosen)) this.choices.show(chosen)
  }

  /** Moves the limit of What if while it is open, or else the project's limit. */
  limit(rho: number): void {
    if (this.whatIf.asked === null) this.limited.move(rho)
    else void this.whatIf.change({ rho })
  }

  /** Applies a change. The inspector then follows the shown selection, unless the user looks at another range. */
  private followSelection(apply: () => void): void {
    const { choices } = this
    const followed = choices.chosen === this.selectedModel && choices.namedModel === null
    apply()
    if (followed) choices.choose(this.selectedModel ?? choices.chosen)
  }

  /**
   * Reloads the shown sweep from disk, for example with a newly scored recipe.
   *
   * @param chosen model to show; when left out, the same one
   */
  async refresh(chosen?: string): Promise<void> {
    const { here, client } = this.project
    const sweepId = this.sweep?.id
    if (sweepId === undefined) return
    const sweep = await this.project.attempt(() => client.sweeps.get({ ...here, sweepId }))
    if (sweep === null || sweep.id !== this.sweep?.id) return
    this.sweep = sweep
    if (chosen !== undefined) this.choices.show(chosen)
  }
}
