import type { AnswerCheck } from '../../contract/documents/answer-check'
import type { CategoryScore, RangeScore, Selection, SweepDocument } from '../../contract/documents/crc'
import type { ProjectState, RecipeSource, SavedCounts } from '../../contract/documents/project'
import { DEFAULT_SOUP_SIZE, type Recipe } from '../../contract/model/recipe'
import type { SweepEvent, SweepProgress } from '../../contract/documents/sweep-events'
import { briefScoring, BY_CHARACTERS, type ScoredByBrief } from '../../contract/documents/scored-by'
import type { Metric } from './metrics'
import { askedCount, sameTask, scoringOf } from './scoring-choice'
import { boardOfSweep, LiveBoard, type ScoreBoard } from './score-board'
import { weightsKey } from '../../contract/model/model'
import { rangeKey } from '../../contract/model/strengths'
import { type KeptModels, NOTHING_KEPT } from '../../contract/documents/kept-models'
import { otherModels, scoredModel, type ScoredModel } from '../recipes/scored-models'
import { samePrompts } from '../prompt-set/prompt-draft'
import { sameRecord } from '../ui/same-record'
import type { KnownPrompts } from './sweep-words'
import { FollowedJob } from '../app/followed-job.svelte'
import { Latest } from '../app/latest.svelte'
import { AnswerChecks } from './answer-checks.svelte'
import { RecipeSearch } from '../recipes/recipe-search.svelte'
import { SweepPlanning } from './sweep-planning.svelte'
import type { ScatterPart } from './scatter-chart'
import { shareOf } from '../app/window-job'
import type { Workbench } from '../app/workbench.svelte'

const RESELECT_MS = 120

/** A sweep that runs now, as far as it is. */
interface SweepRun {
  sweepId: string
  progress: SweepProgress
  board: ScoreBoard
  /** What happened that the user should know. */
  notices: readonly string[]
}

/** The Ranges view: the running sweep or the sweep being looked at, and what is picked in it. */
export class Ranges {
  readonly job: FollowedJob<SweepEvent, SweepRun>
  readonly search: RecipeSearch
  readonly check: AnswerChecks
  readonly planning: SweepPlanning
  sweep = $state.raw<SweepDocument | null>(null)
  selection = $state.raw<Selection | null>(null)
  /** How much of the next sweep an interrupted or the last one has computed; null while that is not known, or nothing. */
  known = $state.raw<KnownPrompts | null>(null)
  /** Keys of models. */
  chosen = $state.raw<string | null>(null)
  hovered = $state.raw<string | null>(null)
  /** Whether the inspector is in sight; null: where there is room for it. */
  inspectorShown = $state<boolean | null>(null)
  /** Whether this window has a recipe scored. */
  scoring = $state(false)
  /** Ranges marked in the scatter; null when nothing is brushed. */
  brushed = $state.raw<ReadonlySet<string> | null>(null)
  /** What the legend of the scatter has switched off. */
  hidden = $state.raw<readonly ScatterPart[]>([])
  metric = $state<Metric>('diversity')
  layout = $state<'heatmap' | 'table'>('heatmap')
  rho = $state(0.9)

  private readonly reading = new Latest<string>()
  private readonly selectingFor = new Latest<number>()
  /** The sweep that is being read, to be shown; null when none is. */
  readonly opening = $derived(this.reading.awaited)
  readonly newest = $derived.by(() => this.workbench.project?.sweeps[0]?.id ?? null)
  readonly current = $derived(this.opening ?? this.sweep?.id ?? null)
  /** Whether a selection for another rho is on its way. */
  readonly selecting = $derived(this.selectingFor.awaited !== null)
  readonly run = $derived.by(() => this.job.live)
  /** By which models are called what they are called now. */
  readonly kept = $derived.by<KeptModels>(() => this.workbench.project?.document ?? NOTHING_KEPT)
  readonly board = $derived.by<ScoreBoard | null>(
    () =>
      this.run?.board ??
      (this.sweep === null ? null : boardOfSweep(this.sweep, this.search.document, this.kept))
  )
  /** The chosen model; null while another sweep runs, for its scores are not those of the document. */
  readonly chosenModel = $derived.by<ScoredModel | null>(() =>
    this.run !== null || this.sweep === null || this.chosen === null
      ? null
      : scoredModel(this.sweep, this.search.document, this.chosen, this.kept)
  )
  /** Key of the selected range. */
  readonly selected = $derived(keyOf(this.selection))
  readonly selectedScore = $derived<RangeScore | null>(this.scoreOf(this.selected))
  readonly busy = $derived.by(() => this.job.busy)

  /** What the next sweep is scored by. */
  readonly nextScoring = $derived.by<ScoredByBrief>(() =>
    scoringOf(
      this.workbench.project?.document.settings.scoredBy ?? BY_CHARACTERS,
      this.workbench.evaluations.setup.tasks
    )
  )
  /** How many prompts the next sweep scores. */
  readonly askedCount = $derived.by(() => {
    const { project, evaluations } = this.workbench
    if (project === null) return 0
    return askedCount(project.document.settings.scoredBy, evaluations.setup.tasks, project.prompts.length)
  })

  /** Whether the prompts or their rendering differ from those of the shown sweep. */
  readonly outdated = $derived.by(() => {
    const project = this.workbench.project
    if (project === null || this.sweep === null || this.run !== null) return false
    const { scoredBy, prompts, rendering } = this.sweep
    if (!sameTask(scoredBy, this.nextScoring)) return false
    return (
      (scoredBy.kind === 'crc' && !samePrompts(project.prompts, prompts)) ||
      !sameRecord(project.document.rendering, rendering)
    )
  })

  private newestSeen: string | null = null
  /** As last heard. */
  private saved: Pick<SavedCounts, 'answerChecks' | 'searches'> = { answerChecks: 0, searches: 0 }
  private liveBoard = new LiveBoard(BY_CHARACTERS, 0, 0)
  private selectTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly workbench: Workbench) {
    this.search = new RecipeSearch(workbench)
    this.check = new AnswerChecks(workbench, (sweepId) => this.checked(sweepId))
    this.job = new FollowedJob<SweepEvent, SweepRun>(workbench, {
      holdsEngine: 'A sweep is running',
      tell: ({ progress: { rowsDone, rowsTotal, secondsLeft } }) => ({
        name: 'Sweep',
        share: shareOf(rowsDone, rowsTotal),
        secondsLeft
      }),
      calls: () => workbench.client.sweeps,
      advance: (run, event) => this.advance(run, event),
      draw: (run) => ({ ...run, board: this.liveBoard.read() }),
      ended: async (ending, _run, path) => {
        if (ending.type === 'finished') await this.finish(path, ending.sweepId)
        else this.pick(this.selected)
      },
      idle: () => this.lookForKnown()
    })
    this.planning = new SweepPlanning(workbench)
  }

  private scoreOf(key: string | null): RangeScore | null {
    // While another sweep runs, the shown scores are not those of the document.
    if (this.run !== null) return null
    return this.sweep?.ranges.find((score) => rangeKey(score) === key) ?? null
  }

  /** Shows the project's newest sweep, or the one that runs; `same` when the project was only opened again. @param wanted another sweep to show; null for the newest */
  async adopt(state: ProjectState, same: boolean, wanted: string | null): Promise<void> {
    if (!same) this.rho = state.document.settings.rho
    if (state.running.includes('sweep')) void this.job.follow()
    void this.search.job.follow()
    void this.check.job.follow()
    if (same) void this.hearSaved(state.saved)
    else this.saved = state.saved
    // A sweep that ended while the line was down is news; one the user has left for an older one is not.
    const newest = state.sweeps[0]?.id ?? null
    const other = wanted !== this.current && state.sweeps.some(({ id }) => id === wanted) ? wanted : null
    const next = other ?? (newest === this.newestSeen ? null : newest)
    if (next !== null) await this.show(next)
  }

  /** Hears what the project is now. */
  hear(state: ProjectState, before: ProjectState): void {
    const { rho } = state.document.settings
    if (rho !== before.document.settings.rho && rho !== this.rho && this.selectTimer === undefined) {
      this.rho = rho
      void this.select()
    }
    this.job.hear(state.running.includes('sweep'))
    this.search.job.hear(state.running.includes('search'))
    this.check.job.hear(state.running.includes('answer check'))
    void this.hearSaved(state.saved)
    const newest = state.sweeps[0]?.id ?? null
    if (newest !== null && newest !== this.newestSeen && newest !== before.sweeps[0]?.id && !this.busy) {
      void this.show(newest)
    }
    const scored = before.running.includes('recipe score') && !state.running.includes('recipe score')
    if (scored && !this.scoring) void this.refresh()
  }

  /** Fetches anew what was saved elsewhere; what comes of a job that this window follows, it hears at its end. */
  private async hearSaved({ answerChecks, searches }: SavedCounts): Promise<void> {
    const before = this.saved
    this.saved = { answerChecks, searches }
    const path = this.workbench.project?.path
    const sweepId = this.sweep?.id
    if (path === undefined || sweepId === undefined) return
    if (answerChecks !== before.answerChecks && !this.check.busy) await this.checked(sweepId)
    if (searches !== before.searches && !this.search.busy) await this.search.show(path, sweepId)
  }

  reset(): void {
    this.job.reset()
    this.search.reset()
    this.check.reset()
    this.planning.reset()
    clearTimeout(this.selectTimer)
    this.reading.drop()
    this.selectingFor.drop()
    this.newestSeen = null
    this.sweep = null
    this.selection = null
    this.known = null
    this.pick(null)
  }

  private pick(model: string | null): void {
    this.chosen = model
    this.hovered = null
    this.brushed = null
  }

  /** The model under the pointer or the focus, for every chart to point out. */
  hover(model: string | null): void {
    this.hovered = model
  }

  /** Shows the scores of a recipe, where the shown sweep or its search has them. */
  look(recipe: Recipe): void {
    const key = weightsKey({ kind: 'recipe', recipe })
    if (this.sweep !== null && scoredModel(this.sweep, this.search.document, key) !== null) this.inspect(key)
  }

  /** Shows a model in the inspector. @param model its key */
  inspect(model: string): void {
    this.chosen = model
    this.inspectorShown = true
  }

  /** Fetches and shows one sweep, with its selected range chosen. */
  async show(sweepId: string): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined) return
    const read = await this.workbench.attempt(() =>
      this.reading.ask(sweepId, (signal) => this.read(path, sweepId, signal))
    )
    if (read === null) return
    const { sweep, selection, check } = read.answer
    // A selection that was asked for belongs to the sweep before.
    this.selectingFor.drop()
    this.newestSeen = this.newest
    this.sweep = sweep
    this.selection = selection
    this.check.document = check
    const first = sweep.ranges[0]
    const any = first === undefined ? otherModels(sweep, null)[0]?.key : rangeKey(first)
    this.pick(this.selected ?? any ?? null)
    await this.search.show(path, sweepId)
  }

  /** A sweep with its check, and what is selected after that and with the limit of now. */
  private async read(
    path: string,
    sweepId: string,
    signal: AbortSignal
  ): Promise<{ sweep: SweepDocument; selection: Selection | null; check: AnswerCheck | null }> {
    const { client } = this.workbench
    const [sweep, check] = await Promise.all([
      client.sweeps.get({ path, sweepId }, { signal }),
      client.checks.get({ path, sweepId }, { signal })
    ])
    const stored = sweep.selection
    const { rho } = this
    if (stored === null || (check === null && stored.rho === rho)) return { sweep, selection: stored, check }
    return { sweep, selection: await client.sweeps.select({ path, sweepId, rho }, { signal }), check }
  }

  /** Takes a new check of the shown sweep, and selects with it. */
  private async checked(sweepId: string): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || sweepId !== this.sweep?.id) return
    const check = await this.workbench.attempt(() => this.workbench.client.checks.get({ path, sweepId }))
    if (sweepId !== this.sweep?.id) return
    // Both at once: a range that passes takes the place of one that fails before that failure is shown.
    await this.select(() => (this.check.document = check))
  }

  /** Asks how much of the next sweep is there already. */
  async lookForKnown(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || this.busy) return
    // Why the pair or the prompts cannot be read is told where they are shown, and by the sweep itself.
    const known = await this.workbench.client.sweeps.known({ path }).catch(() => null)
    if (path !== this.workbench.project?.path || this.busy) return
    this.known = known !== null && known.knownPrompts > 0 ? known : null
  }

  /** @param fresh computes also what is known */
  async start(fresh = false): Promise<void> {
    if (this.busy || this.planning.memoryRefused) return
    this.known = null
    await this.job.begin(async (path) => {
      await this.workbench.prompts.flush()
      await this.workbench.client.sweeps.start({ path, fresh })
    })
  }

  private advance(run: SweepRun | null, event: SweepEvent): SweepRun | null {
    if (event.type === 'snapshot') {
      this.liveBoard = new LiveBoard(event.scoredBy, event.layerCount, event.promptCount)
      this.liveBoard.apply(event.entries)
      this.pick(null)
      const { sweepId, progress, notices } = event
      return { sweepId, progress, notices, board: this.liveBoard.read() }
    }
    if (run === null) return null
    if (event.type === 'progress') return { ...run, progress: event.progress }
    if (event.type === 'notice') return { ...run, notices: [...run.notices, event.message] }
    if (event.type === 'scores') this.liveBoard.apply(event.entries)
    return run
  }

  private async finish(path: string, sweepId: string): Promise<void> {
    const state = await this.workbench.attempt(() => this.workbench.client.projects.open({ path }))
    this.workbench.accept(state)
    await this.show(sweepId)
  }

  /** Another share of post's validity to keep: selects again once the slider rests, and remembers it. */
  setRho(rho: number): void {
    this.rho = rho
    clearTimeout(this.selectTimer)
    this.selectTimer = setTimeout(() => {
      this.selectTimer = undefined
      void this.select()
      if (this.workbench.writable) void this.workbench.change({ settings: { rho } })
    }, RESELECT_MS)
  }

  /** Whether the next sweep scores a soup too. */
  setSoup(on: boolean): void {
    void this.workbench.change({ settings: { soupSize: on ? DEFAULT_SOUP_SIZE : 0 } })
  }

  /** Asks main to select again with the current rho. @param alongside what changes at the same moment */
  private async select(alongside: () => void = () => undefined): Promise<void> {
    const path = this.workbench.project?.path
    const sweepId = this.sweep?.id
    if (path === undefined || sweepId === undefined || this.sweep?.ranges.length === 0) return
    const { rho } = this
    const selected = await this.workbench.attempt(() =>
      this.selectingFor.ask(rho, (signal) =>
        this.workbench.client.sweeps.select({ path, sweepId, rho }, { signal })
      )
    )
    if (selected === null) return
    const { answer: selection } = selected
    // The inspector follows the selection unless the user is looking at another range.
    const followed = this.chosen === this.selected
    this.selection = selection
    alongside()
    if (followed) this.chosen = this.selected ?? this.chosen
  }

  /** Keeps a recipe; a name that is taken gets a number. @returns its id @throws what main says against it */
  async keep(recipe: Recipe, score: CategoryScore | null): Promise<string> {
    const source = sourceOf(this.sweep, score)
    let kept: string | null = null
    await this.workbench.write(async (path) => {
      const { id, project } = await this.workbench.client.recipes.keep({ path, recipe, source })
      kept = id
      return project
    })
    if (kept === null) throw new Error('no project is open')
    return kept
  }

  /** Replaces a kept recipe by its edited form. @param seen the revision in which it was read @throws what main says against it */
  async edit(id: string, seen: number, recipe: Recipe, score: CategoryScore | null): Promise<void> {
    const source = sourceOf(this.sweep, score)
    await this.workbench.write((path) =>
      this.workbench.client.recipes.edit({ path, id, seen, recipe, source })
    )
  }

  /** Goes to Samples with a kept recipe among the variants. */
  sample(id: string): void {
    this.workbench.samples.setup.choose(id, true)
    this.workbench.go('samples')
  }

  /** Goes to Export with a kept recipe chosen. @param id of the recipe */
  export(id: string): void {
    // Another window may have removed it.
    if (this.workbench.project?.document.recipes.every((kept) => kept.id !== id) !== false) return
    this.workbench.exports.chooseKept(id)
    this.workbench.go('export')
  }

  /** Takes the shown sweep as it is now on disk, a scored recipe added. @param chosen a model to show; left out: the same one */
  async refresh(chosen?: string): Promise<void> {
    const path = this.workbench.project?.path
    const sweepId = this.sweep?.id
    if (path === undefined || sweepId === undefined) return
    const sweep = await this.workbench.attempt(() => this.workbench.client.sweeps.get({ path, sweepId }))
    if (sweep === null || sweep.id !== this.sweep?.id) return
    this.sweep = sweep
    if (chosen !== undefined) this.chosen = chosen
  }

  /** Keeps the recipe of a mergekit file. */
  async importRecipe(file: File): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined) return
    const content = await file.text()
    const recipe = await this.workbench.attempt(() =>
      this.workbench.client.recipes.readMergekit({ path, fileName: file.name, content })
    )
    if (recipe === null) return
    await this.workbench.save(async (current) => {
      const source = sourceOf(null, null)
      return (await this.workbench.client.recipes.keep({ path: current, recipe, source })).project
    })
  }

  async rename(id: string, name: string): Promise<void> {
    await this.workbench.save((path) => this.workbench.client.recipes.rename({ path, id, name }))
  }

  async remove(id: string): Promise<void> {
    const recipes = this.workbench.project?.document.recipes ?? []
    const place = recipes.findIndex((recipe) => recipe.id === id)
    const kept = recipes[place]
    if (kept === undefined) return
    const removed = await this.workbench.save((path) => this.workbench.client.recipes.remove({ path, id }))
    if (!removed) return
    this.workbench.offerUndo({
      message: `Removed “${kept.recipe.name}”`,
      undo: () =>
        void this.workbench.save((path) => this.workbench.client.recipes.putBack({ path, kept, place }))
    })
  }
}

const keyOf = (selection: Selection | null): string | null =>
  selection?.selected ? rangeKey(selection.selected) : null

const sourceOf = (sweep: SweepDocument | null, score: CategoryScore | null): RecipeSource => ({
  sweepId: sweep?.id ?? null,
  scoredBy: sweep === null ? BY_CHARACTERS : briefScoring(sweep.scoredBy),
  validity: score?.validity ?? null,
  diversity: score?.diversity ?? null
})
