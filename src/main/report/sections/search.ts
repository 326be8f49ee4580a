import { DEVICE_LABELS } from '../../../contract/model/device'
import {
  capitalised,
  formatCount,
  formatDelta,
  formatDeltas,
  formatDuration,
  formatScore,
  formatUtc,
  plural,
  rangeLabel,
  rangePhrase
} from '../../../contract/words/format'
import type { CategoryScore, Interval } from '../../../contract/documents/crc'
import type { LayerDistance } from '../../../contract/documents/distances'
import { rangePairs, strongestPairs } from '../../../contract/documents/layer-pairs'
import type { LayerShares, SearchDocument } from '../../../contract/documents/search'
import type { Recipe } from '../../../contract/model/recipe'
import type { Report, ReportedSearch, ReportedSweep } from '../../../contract/documents/report'
import type { ModelTone } from '../../../contract/model/model-style'
import { scoreWords } from '../../../contract/words/score-words'
import { searchFinding } from '../../../contract/words/search-finding'
import { heldOutWords, searchSettingsWords, triedWords } from '../../../contract/words/search-words'
import { layerShareColumns, sharesBasisWords } from '../../../contract/words/share-words'
import {
  type Block,
  block,
  type Fact,
  annotationBlocks,
  numberColumn,
  type Section,
  type TableCell,
  textColumn
} from '../blocks'
import { elementAt } from '../../../contract/model/look-up'
import { describeRecipe } from './recipes'
import { originFacts } from './settings-facts'
import { verdictBlocks } from './verdict'

/** Shows a search for recipes that are better than the selected range. Empty without a search. */
export function searchSections({ sweep, distances }: Report): Section[] {
  const search = sweep?.search ?? null
  if (sweep === null || search === null) return []
  const { selection, promptCount } = sweep
  const rho = selection?.rho ?? search.rho
  return [
    {
      id: 'search',
      title: 'Beyond one range',
      blocks: [
        ...verdictBlocks(searchFinding(search, { check: sweep.check, rho, selection, promptCount })),
        ...annotationBlocks(search.annotations),
        block.facts(certaintyFacts(search)),
        foundTable(search),
        ...courseBlocks(search),
        ...(search.shapley === null ? [] : shareBlocks(search.shapley, search, distances?.layers ?? [])),
        ...pairBlocks(search, sweep),
        block.facts([...effortFacts(search), ['Computed', formatUtc(search.createdAt)], ...originFacts(search.origin)])
      ]
    }
  ]
}

/** The parts of a search that its tables show. Both a stored search and a report have them. */
type SearchFindings = Pick<
  SearchDocument,
  'comparison' | 'heldOut' | 'heldOutReason' | 'scoredBy' | 'source' | 'post' | 'range'
> &
  Pick<SearchDocument, 'settings' | 'work' | 'seconds' | 'device' | 'precision' | 'rho' | 'stopped' | 'generations'> & {
    found: readonly (CategoryScore & { recipe: Recipe })[]
  }

/** States whether the best recipe is better, on the prompts that selected it and on unseen prompts. */
export function certaintyFacts({ comparison, heldOut, heldOutReason, scoredBy }: SearchFindings): Fact[] {
  const words = scoreWords(scoredBy)
  const signed = ({ difference, interval }: { difference: number; interval: Interval }): string =>
    `${formatDelta(difference)} in ${words.diversity} (${formatDeltas(interval)})`
  const certainty: Fact[] = []
  if (comparison !== null) {
    const selected = `${signed(comparison)}, which favours a recipe that was selected from many`
    certainty.push(['On the selection prompts', selected])
  }
  certainty.push([
    'Cross-fitted',
    heldOut === null
      ? `not checked: ${heldOutReason}`
      : `${signed(heldOut)}, ${heldOutWords(heldOut)}, at ${words.validity} ` +
        `${formatScore(heldOut.found.validity)} against ${formatScore(heldOut.range.validity)} of the range`
  ])
  return certainty
}

export function foundTable({ post, range, found, scoredBy, source }: SearchFindings): Block {
  const words = scoreWords(scoredBy)
  const row = (name: string, tone: ModelTone, score: CategoryScore, restored: string): TableCell[] => [
    { text: name, detail: restored, tone },
    { text: formatScore(score.validity) },
    { text: formatScore(score.diversity) },
    { text: formatDelta(score.diversity - range.diversity) }
  ]
  const best =
    range.range === null
      ? []
      : [
          row(
            'best range',
            'hybrid',
            range,
            source === null ? `layers of base: ${rangeLabel(range.range)}` : rangePhrase(range.range, source)
          )
        ]
  return block.table(
    'Recipes that the search found, best first',
    [
      textColumn('Model'),
      numberColumn(words.validity),
      numberColumn(words.diversity),
      numberColumn('over the best range')
    ],
    [
      row('post', 'post', post, 'nothing restored'),
      ...best,
      ...found.map((score) => row(score.recipe.name, 'hybrid', score, describeRecipe(score.recipe)))
    ]
  )
}

/** Shows the best recipe after each generation of the search. */
function courseBlocks(search: ReportedSearch): Block[] {
  const { generations, range, scoredBy } = search
  if (generations.length < 2) return []
  const words = scoreWords(scoredBy)
  const label = `${capitalised(words.diversity)} of the best recipe against block evaluations`
  let work = 0
  const rows = generations.map(({ blockEvaluations, candidates, best }): TableCell[] => {
    work += blockEvaluations
    return [
      { text: formatCount(work) },
      { text: formatCount(candidates) },
      { text: formatScore(best.diversity) },
      { text: formatScore(best.validity) },
      { text: best.recipe.name }
    ]
  })
  const columns = [
    numberColumn('Block evaluations', 'so far'),
    numberColumn('recipes'),
    numberColumn(words.diversity),
    numberColumn(words.validity),
    textColumn('best')
  ]
  return [
    {
      kind: 'chart',
      label: `${label}.`,
      chart: { kind: 'search', search: { generations, range, scoredBy } }
    },
    block.fold('Generation by generation', [block.table(label, columns, rows)])
  ]
}

/** Shows the contribution of each layer, and how far post-training moved its weights if that is known. */
export function shareBlocks(
  shares: LayerShares,
  { scoredBy }: Pick<ReportedSearch, 'scoredBy'>,
  distances: readonly LayerDistance[]
): Block[] {
  const { diversity, validity, intervals, further, alone, leftOut } = shares
  const moved = distances.length === diversity.length ? distances : []
  const share = (values: readonly number[], ends: readonly Interval[] | null, layer: number): TableCell => ({
    text: formatDelta(elementAt(values, layer, 'layer')),
    ...(ends !== null && { detail: formatDeltas(elementAt(ends, layer, 'layer')) })
  })
  const label = `Contribution of each layer: Shapley values ${sharesBasisWords(shares)}`
  return [
    { kind: 'chart', label: `${label}.`, chart: { kind: 'shares', shares, scoredBy } },
    block.table(
      label,
      [
        numberColumn('Layer'),
        ...layerShareColumns(shares, scoredBy).map((name) => numberColumn(name)),
        ...(moved.length === 0 ? [] : [numberColumn('weights', '‖post − base‖ / ‖base‖')])
      ],
      diversity.map((_, layer) => [
        { text: String(layer) },
        share(diversity, intervals?.diversity ?? null, layer),
        share(validity, intervals?.validity ?? null, layer),
        ...further.map((each) => share(each.values, each.intervals, layer)),
        share(alone.diversity, null, layer),
        share(leftOut.diversity, null, layer),
        ...moved.slice(layer, layer + 1).map(({ relativeNorm }) => ({ text: relativeNorm?.toFixed(4) ?? '–' }))
      ])
    )
  ]
}

const LISTED_PAIRS = 10

/** Shows interactions of two layers: exact if all subsets of layers were scored, otherwise computed from ranges. */
function pairBlocks({ shapley, scoredBy }: ReportedSearch, sweep: ReportedSweep): Block[] {
  if (shapley === null) return []
  const { diversity } = scoreWords(scoredBy)
  const pairs = shapley.interactions ?? rangePairs(sweep)
  const label =
    shapley.interactions === null
      ? `${capitalised(diversity)} that the two ends of a range add together beyond each alone, with all ` +
        'layers between restored'
      : `${capitalised(diversity)} that two layers add together beyond each alone: Shapley interaction indices`
  const rows = strongestPairs(pairs, LISTED_PAIRS).map(({ layers, value }): TableCell[] => [
    { text: layers.join(' and ') },
    { text: formatDelta(value) }
  ])
  const columns = [textColumn('Layers'), numberColumn(diversity, 'together')]
  return [
    { kind: 'chart', label: `${label}.`, chart: { kind: 'pairs', pairs } },
    block.fold('The strongest pairs', [block.table(label, columns, rows)])
  ]
}

export function effortFacts(search: SearchFindings): Fact[] {
  const { settings, work } = search
  return [
    [
      'Search',
      `${triedWords(search)}; ` +
        `${plural(work.blockEvaluations, 'block evaluation')} in ${formatDuration(search.seconds)} on ` +
        `${DEVICE_LABELS[search.device]} in ${search.precision}`
    ],
    [
      'Settings',
      `${searchSettingsWords(settings)}; at most ${formatCount(settings.blockEvaluations)} block evaluations, ` +
        `ρ = ${search.rho}, seed ${settings.seed}`
    ]
  ]
}
