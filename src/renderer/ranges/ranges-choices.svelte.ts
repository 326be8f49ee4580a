import type { KeptModels } from '../../contract/documents/kept-models'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import type { SearchDocument } from '../../contract/documents/search'
import { weightsKey } from '../../contract/model/model'
import type { Recipe } from '../../contract/model/recipe'
import { RANGES_TABS, type RangesTab } from '../../contract/words/ranges-words'
import type { OpenProject } from '../app/open-project.svelte'
import type { Place } from '../app/place'
import { scoredModel } from '../recipes/scored-models'
import { ChartLook } from './board/chart-look.svelte'
import type { SweepRun } from './board/live-sweep'
import { type Metric, METRIC_NAMES } from './board/metrics'
import { ModelDetail } from './board/model-detail.svelte'
import { isInspectable, type ScoreBoard } from './board/score-board'
import { SweepPriority } from './inspector/sweep-priority'
import { BASELINE_PARTS, type ScatterPart } from './trade-off/scatter-content'

/** The shown sweep and its scores, in which the user chooses. */
interface ShownScores {
  readonly sweep: ShownSweep | null
  readonly run: SweepRun | null
  readonly busy: boolean
  readonly board: ScoreBoard | null
  readonly search: { readonly document: SearchDocument | null }
  readonly keptModels: KeptModels
  /** Key of the selected range; null for none. */
  readonly selectedModel: string | null
  readonly comparing: { readonly against: string | null; applyAgainst(against: string | null): void }
}

/** Choices of the user in Ranges: the tab, the metric, and the models that are inspected, marked and hidden. */
export class RangesChoices {
  readonly charts = new ChartLook()
  readonly detail: ModelDetail
  /** Key of the chosen model, which the inspector shows; null for none. */
  chosen = $state.raw<string | null>(null)
  hovered = $state.raw<string | null>(null)
  tab = $state<RangesTab>('result')
  inspectorShown = $state(false)
  /** Models marked in the charts; null for none. */
  brushed = $state.raw<ReadonlySet<string> | null>(null)
  /** Parts of the scatter that its legend has switched off. */
  hidden = $state.raw<readonly ScatterPart[]>(['best', ...BASELINE_PARTS])
  metric = $state<Metric>('diversity')
  layout = $state<'charts' | 'table'>('charts')
  /** Key of the model whose name is being typed; null for none. The inspector stays at it if the selection changes. */
  namedModel: string | null = null
  /** True once the user has chosen a range of a running sweep, which the inspector shows at the end. */
  inspectsAtEnd = false
  /** Number of the user's choices of a model, tab and metric. */
  count = 0
  private readonly priority: SweepPriority

  constructor(
    private readonly project: OpenProject,
    private readonly scores: ShownScores
  ) {
    this.detail = new ModelDetail(project)
    this.priority = new SweepPriority(project)
  }

  /** Shows a model in the inspector while that is open. @param model key of the model; null for none */
  choose(model: string | null): void {
    const { sweep, run } = this.scores
    this.chosen = model
    if (model !== this.namedModel) this.namedModel = null
    void this.priority.ask(run, model)
    // An estimated model has no scores on most prompts.
    const isEstimated =
      sweep !== null && model !== null && (scoredModel(sweep, null, model)?.estimatedFrom ?? null) !== null
    void this.detail.ask(sweep?.id ?? null, isEstimated ? null : model)
  }

  /** Chooses a model of another sweep, and discards marks and zoom. */
  pick(model: string | null): void {
    this.choose(model)
    this.hovered = null
    this.brushed = null
    this.charts.reset()
  }

  /** Opens the inspector with a model. */
  show(model: string | null): void {
    this.choose(model)
    this.inspectorShown = true
  }

  /** Sets the model under the pointer or with the focus, which every chart highlights. */
  hover(model: string | null): void {
    this.hovered = model
    void this.priority.ask(this.scores.run, model)
  }

  /** Shows the scores of a recipe if the shown sweep or its search has them. */
  inspectRecipe(recipe: Recipe): void {
    const { sweep, search } = this.scores
    const key = weightsKey({ kind: 'recipe', recipe })
    if (sweep !== null && scoredModel(sweep, search.document, key) !== null) this.inspect(key)
  }

  /** Shows a model that the user has chosen in the inspector. @param model key of the model */
  inspect(model: string): void {
    const { board, busy } = this.scores
    if (board !== null && !isInspectable(board, model)) return
    this.count += 1
    // While a sweep runs, the inspector has no content yet, and in a narrow window it would cover the chart.
    if (busy) this.choose(model)
    else this.show(model)
    this.inspectsAtEnd ||= busy
    this.project.host.visit()
  }

  showTab(tab: RangesTab): void {
    this.count += 1
    this.tab = tab
    this.project.host.visit()
  }

  measure(metric: Metric): void {
    this.count += 1
    this.metric = metric
    this.project.host.visit()
  }

  /** The choices as the page's address has them; null for a default. */
  readonly rangesPlace = $derived.by(() => ({
    model: this.chosen === this.scores.selectedModel || this.scores.busy ? null : this.chosen,
    metric: this.metric === 'diversity' ? null : this.metric,
    against: this.scores.comparing.against,
    tab: this.tab === 'result' ? null : this.tab
  }))

  /** Shows the model, metric, comparison and tab of the page's address, if the shown sweep has them. */
  applyPlace({ model, metric, against, tab }: Pick<Place, 'model' | 'metric' | 'against' | 'tab'>): void {
    const { sweep, busy, search, keptModels, comparing, selectedModel } = this.scores
    this.tab = RANGES_TABS.find(({ value }) => value === tab)?.value ?? 'result'
    this.metric = METRIC_NAMES.find((name) => name === metric) ?? 'diversity'
    if (sweep === null || busy) return
    comparing.applyAgainst(against)
    if (model !== null && scoredModel(sweep, search.document, model, keptModels) !== null) this.show(model)
    else this.choose(selectedModel ?? this.chosen)
  }
}
