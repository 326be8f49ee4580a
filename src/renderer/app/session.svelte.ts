import type { Variant } from '../../contract/documents/samples'
import type { BetterModel } from '../../contract/documents/verdict'
import { scoreIn } from '../../contract/documents/swept-model'
import { weightsKey } from '../../contract/model/model'
import type { Recipe } from '../../contract/model/recipe'
import { capitalised } from '../../contract/words/format'
import type { HistoryRun } from '../../contract/documents/history'
import type { ProjectState } from '../../contract/documents/project'
import { GenerationSpeed } from '../answers/generation-speed.svelte'
import { Chat } from '../chat/chat.svelte'
import { EvaluationsState } from '../evaluate/evaluations.svelte'
import { ExportsState } from '../export/exports.svelte'
import { Lineage } from '../models/lineage/lineage.svelte'
import { Checksums, Distances, ValuesCheck } from '../models/pair/readings.svelte'
import { OtherCheckpoints } from '../models/pair/other-checkpoints.svelte'
import { PairsComparison } from '../models/pairs/comparison.svelte'
import { Pairs } from '../models/pairs/pairs.svelte'
import { WorkList } from '../models/pairs/work-list.svelte'
import { Runs } from '../history/runs.svelte'
import { Prompts } from '../prompts/prompts.svelte'
import { Ranges } from '../ranges/ranges.svelte'
import { KeptList } from '../recipes/kept-list.svelte'
import type { ScoredModel } from '../recipes/scored-models'
import { recipeOf } from '../../contract/model/strengths'
import { VariantList, type VariantStep } from '../answers/variant-list.svelte'
import { OfferedVariants } from '../recipes/offered-variants.svelte'
import { Probing } from '../recipes/probing.svelte'
import { SamplesState } from '../samples/samples.svelte'
import type { Host } from './host'
import { type Notes, openNotes } from './notes.svelte'
import { OpenProject } from './open-project.svelte'
import { DEFAULT_LOOK, type Place, placeHash, type StepId, stepOf, type View, viewOfRun } from './place'
import { Tasks } from './tasks.svelte'

/** Edits that the window saves automatically. */
interface AutosavedDraft {
  /** True if the edits wait for a decision of the user. */
  readonly waits: boolean
  /** Says why they wait, after a name and a colon. */
  readonly unsaved: string
}

interface StoredResults {
  readonly newest: string | null
  /** Id of the result that is shown or read. */
  readonly current: string | null
  show(id: string): Promise<unknown>
}

type ShownPlace = Omit<Place, 'project' | 'pair'> & { readonly view: View }

/** A pair of an open project with the state of all steps. */
export class Session extends OpenProject {
  readonly pairs: Pairs
  readonly work: WorkList
  readonly comparison: PairsComparison
  readonly notes: Readonly<Record<'project' | 'pair', Notes>>
  readonly tasks: Tasks
  readonly prompts: Prompts
  readonly ranges: Ranges
  /** Variants that Answers and Evaluate compare. */
  readonly variants: VariantList
  readonly recipes: KeptList
  readonly samples: SamplesState
  readonly evaluations: EvaluationsState
  readonly exports: ExportsState
  readonly chat: Chat
  readonly probing: Probing
  readonly distances: Distances
  readonly checksums: Checksums
  readonly values: ValuesCheck
  readonly others: OtherCheckpoints
  readonly lineage: Lineage
  readonly runs: Runs
  private lastPlace: ShownPlace | null = null

  constructor(host: Host, state: ProjectState) {
    super(host, state)
    this.work = new WorkList(this)
    this.pairs = new Pairs(this, this.work)
    this.comparison = new PairsComparison(this)
    this.notes = { project: openNotes(this, 'project'), pair: openNotes(this, 'pair') }
    // The top bar shows the first of these if several jobs run.
    this.tasks = new Tasks(this)
    this.prompts = new Prompts(this)
    const hasChatTurns = (): boolean => this.chat.turns.length > 0
    this.ranges = new Ranges(this, { prompts: this.prompts, tasks: this.tasks, hasChatTurns })
    this.recipes = new KeptList(this, this.ranges)
    this.probing = new Probing(this)
    const offered = new OfferedVariants(this, this.ranges)
    this.variants = new VariantList(this, offered)
    const speed = new GenerationSpeed(this)
    this.samples = new SamplesState(this, this.variants, speed)
    this.evaluations = new EvaluationsState(this, this.variants, this.tasks, speed)
    this.exports = new ExportsState(this, offered)
    const { ranges, recipes } = this
    const { prompts, setup } = this.samples
    this.chat = new Chat(this, { ranges, recipes, variants: this.variants, prompts, setup })
    this.distances = new Distances(this)
    this.checksums = new Checksums(this)
    this.values = new ValuesCheck(this)
    this.others = new OtherCheckpoints(this)
    this.lineage = new Lineage(this, this.work)
    this.runs = new Runs(this)
  }

  /** Fetches the results of a place and follows running jobs. The other steps show their newest results. */
  attach(place: ShownPlace): void {
    void this.watch()
    void this.work.attach()
    this.comparison.attach()
    this.jobs.update(this.state)
    this.prompts.attach()
    this.lastPlace = place
    const at = (step: StepId): string | null => (stepOf(place.view) === step ? place.shown : null)
    const choiceCount = this.ranges.choices.count
    void this.ranges.attach(at('ranges')).then(() => {
      // A comparison that was begun meanwhile stays.
      this.applyRangesPlace(place, choiceCount, place.against ?? this.ranges.comparing.against)
    })
    void this.samples.attach(place.view === 'samples' ? place.shown : null)
    this.chat.attach()
    void this.exports.attach()
    void this.evaluations.attach(at('evaluate')).then(() => this.applyAxes(place))
    this.readPair()
  }

  /** Shows the results that an address names, or the newest. */
  async showPlace(place: ShownPlace): Promise<void> {
    this.lastPlace = place
    const results = this.resultsOf(place.view)
    const wanted = place.shown ?? results?.newest ?? null
    const choiceCount = this.ranges.choices.count
    if (results !== null && wanted !== null && wanted !== results.current) await results.show(wanted)
    this.applyRangesPlace(place, choiceCount, place.against)
    this.applyAxes(place)
  }

  private applyAxes(place: ShownPlace): void {
    if (place === this.lastPlace && place.view === 'evaluate') this.evaluations.applyAxes(place.axes)
  }

  /**
   * Shows the state of Ranges that a place names, unless a later address or the user chose another.
   *
   * @param choiceCount number of the user's choices in Ranges when the place was read
   */
  private applyRangesPlace(place: ShownPlace, choiceCount: number, against: string | null): void {
    if (place !== this.lastPlace || stepOf(place.view) !== 'ranges') return
    if (choiceCount === this.ranges.choices.count) this.ranges.choices.applyPlace({ ...place, against })
    else this.ranges.comparing.applyAgainst(against)
  }

  /** Returns the id of the result that the page's address names in a view, also while the result is being read. */
  awaitedAt(view: View): string | null {
    return this.lastPlace?.view === view ? this.lastPlace.shown : null
  }

  /** Reads stored facts of the pair, which may have changed. */
  readPair(): void {
    void this.distances.load()
    void this.checksums.load()
    void this.lineage.load()
    this.values.result = null
  }

  resultsOf(view: View): StoredResults | null {
    if (stepOf(view) === 'ranges') return this.ranges
    if (view === 'samples') return this.samples
    return view === 'evaluate' ? this.evaluations : null
  }

  async openRun({ kind, id, sweepId }: HistoryRun): Promise<void> {
    this.host.go(viewOfRun(kind))
    await this.host.showResult(sweepId ?? id)
    if (sweepId === null) return
    this.ranges.choices.tab = 'search'
    await this.ranges.search.show(sweepId, id)
  }

  /** Returns the address of a view with these results or its newest. */
  placeOf(view: View, particulars: Partial<Pick<Place, 'shown' | 'model' | 'metric'>> = {}): string {
    const { pairs, document } = this.state
    return placeHash(this.path, view, { pair: pairs.length === 1 ? null : document.id, ...particulars })
  }

  /** Starts the job of a view, if it has one and its button is enabled. */
  startJobOf(view: View): void {
    if (view === 'ranges') void this.ranges.start()
    else if (view === 'samples') void this.samples.startShown()
    else if (view === 'evaluate') void this.evaluations.start()
    else if (view === 'export') void this.exports.start()
    else if (view === 'lineage') void this.lineage.start()
  }

  /** Returns the state of a view for the address. */
  lookOf(view: View): Pick<Place, keyof typeof DEFAULT_LOOK> {
    if (stepOf(view) === 'ranges') return { ...DEFAULT_LOOK, ...this.ranges.choices.rangesPlace }
    if (view !== 'evaluate') return DEFAULT_LOOK
    const { shownView, axes } = this.evaluations
    return { ...DEFAULT_LOOK, axes: shownView === null ? (this.lastPlace?.axes ?? null) : axes }
  }

  /** Opens Samples with a kept recipe as a variant. @param id identifies the recipe */
  sample(id: string): void {
    this.includeKept(id, 'samples')
    this.host.go('samples')
  }

  /** Opens Samples with a model that does better than the selected range. */
  compareBetter({ model, name }: BetterModel): void {
    this.compare(model === null ? [] : [{ ...model, name }], 'samples')
  }

  /** Returns the id of the kept recipe of a better model; null if it has none. */
  keptBetter({ model }: BetterModel): string | null {
    if (model === null) return null
    const key = weightsKey(model)
    const { recipes } = this.state.document
    return recipes.find(({ recipe }) => weightsKey({ kind: 'recipe', recipe }) === key)?.id ?? null
  }

  /** Keeps a better model as a recipe. @returns id of the recipe; null if the model is none, or could not be kept */
  async keepBetter(better: BetterModel): Promise<string | null> {
    const keptId = this.keptBetter(better)
    if (keptId !== null || better.model?.kind !== 'recipe') return keptId
    const { recipe } = better.model
    const name = capitalised(better.name)
    const score = this.ranges.sweep === null ? null : scoreIn(this.ranges.sweep, better.model)
    return this.attempt(() => this.recipes.keep({ ...recipe, name }, score))
  }

  compareNextTokens(recipe: Recipe): void {
    this.probing.recipe = recipe
    this.probing.answers = null
    this.host.go('next-token')
  }

  /** Opens Chat with a kept recipe among its variants. @param id identifies the recipe */
  chatWith(id: string): void {
    this.includeKept(id, 'chat')
    this.chat.answerLater()
    this.host.go('chat')
  }

  private includeKept(id: string, step: VariantStep): void {
    const option = this.variants.options.find(({ key }) => key === id)
    if (option !== undefined) this.variants.choose(option, step, true)
  }

  async keepAll(models: readonly ScoredModel[]): Promise<void> {
    for (const { name, layers, score } of models) {
      if (layers === null) continue
      if ((await this.attempt(() => this.recipes.keep(recipeOf(name, layers), score))) === null) return
    }
  }

  /** Goes to a step, and adds variants to the variants that the step asks. */
  compare(variants: readonly Variant[], step: VariantStep): void {
    this.variants.add(variants, step)
    this.host.go(step)
  }

  /** Opens Export with a kept recipe. @param id identifies the recipe; another window may have removed it */
  export(id: string): void {
    if (this.state.document.recipes.every((kept) => kept.id !== id)) return
    this.exports.chooseKept(id)
    this.host.go('export')
  }

  /** All drafts that are saved automatically, each with a function that shows it. */
  private get drafts(): readonly { name: string; draft: AutosavedDraft; show: () => void }[] {
    const { prompts, variants, samples, evaluations, notes, host } = this
    const showSamples = (tab: SamplesState['tab']) => (): void => {
      samples.tab = tab
      host.go('samples')
    }
    const showNotes = (): void => {
      host.folds.set('notes', true)
      host.go('models')
    }
    return [
      { name: 'Prompts', draft: prompts, show: () => host.go('prompts') },
      { name: 'Sample prompts', draft: samples.prompts, show: showSamples('prompts') },
      { name: 'Variants', draft: variants.buffer, show: () => host.go('evaluate') },
      { name: 'Sampler', draft: samples.setup, show: showSamples('answers') },
      { name: 'Evaluation setup', draft: evaluations.setup.buffer, show: () => host.go('evaluate') },
      { name: 'Notes of the project', draft: notes.project, show: showNotes },
      { name: 'Notes of the pair', draft: notes.pair, show: showNotes }
    ]
  }

  get waits(): boolean {
    return this.drafts.some(({ draft }) => draft.waits)
  }

  /** Says why something is not saved, and shows it; null if all is saved. */
  get unsaved(): { readonly why: string; readonly show: (() => void) | null } | null {
    const waiting = this.drafts.find(({ draft }) => draft.waits)
    if (waiting !== undefined) return { why: `${waiting.name}: ${waiting.draft.unsaved}`, show: waiting.show }
    return this.writeFailed || this.unwritten.size > 0
      ? { why: 'The last change could not be written.', show: null }
      : null
  }

  /** True if edits are about to be saved, or on their way to disk. */
  get isSaving(): boolean {
    return this.saving > 0 || this.buffers.some(({ dirty }) => dirty)
  }

  /** Saves all edits and waits for all writes. @returns whether edits wait for the user */
  async saveEdits(): Promise<boolean> {
    await this.flush()
    await this.saved()
    return this.waits
  }
}
