import { DEVICE_LABELS } from '../../../contract/model/device'
import {
  formatCount,
  formatDelta,
  formatDuration,
  formatScore,
  formatUtc,
  plural
} from '../../../contract/words/format'
import { recipeCheckWords } from '../../../contract/words/headline'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import type { CategoryScore, Interval } from '../../../contract/documents/crc'
import type { LayerShares } from '../../../contract/documents/search'
import type { Recipe } from '../../../contract/model/recipe'
import type { Report, ReportedSearch } from '../../../contract/documents/report'
import type { ModelTone } from '../../../contract/model/model-style'
import { scoredByName, scoreWords } from '../../../contract/words/score-words'
import {
  searchEndWords,
  heldOutWords,
  searchFinding,
  searchSettingsWords,
  sharesBasisWords,
  taskShareWords
} from '../../../contract/words/search-words'
import { describeStrengths } from '../../../contract/model/strengths'
import { type Block, type Cell, numberColumn, type Section, textColumn } from '../blocks'
import { at } from '../../../contract/model/look-up'
import { originFacts } from './origin'

/** What of base a recipe takes, counted from layer 0. */
export function describeRecipe(recipe: Recipe): string {
  if ('layers' in recipe) return `layers of base: ${describeStrengths(recipe.layers)}`
  const ranges = recipe.ranges.map(([start, end]) => (start === end ? String(start) : `${start}–${end}`))
  return `layers of base: ${ranges.join(', ')}`
}

/** Recipes beyond one range, where they were searched for. */
export function searchSections({ sweep }: Report): Section[] {
  const search = sweep?.search ?? null
  if (search === null) return []
  const rho = sweep?.selection?.rho ?? search.rho
  return [
    {
      id: 'search',
      title: 'Beyond one range',
      blocks: [
        { kind: 'lead', text: searchFinding(search, sweep?.check ?? null, rho).words },
        { kind: 'facts', facts: certainty(search) },
        foundTable(search),
        ...(search.shapley === null ? [] : [sharesTable(search.shapley, search)]),
        { kind: 'facts', facts: effort(search) }
      ]
    }
  ]
}

type Fact = [name: string, value: string]

function certainty({ comparison, heldOut, heldOutReason, scoredBy }: ReportedSearch): Fact[] {
  const words = scoreWords(scoredBy)
  const signed = ({ difference, interval }: { difference: number; interval: readonly number[] }): string =>
    `${formatDelta(difference)} in ${words.diversity} (${interval.map((end) => formatDelta(end)).join(' to ')})`
  const facts: Fact[] = []
  if (comparison !== null) {
    const picked = `${signed(comparison)}, which favours whatever was picked from many`
    facts.push(['On the prompts that picked', picked])
  }
  facts.push([
    'On unseen prompts',
    heldOut === null
      ? `not checked: ${heldOutReason ?? ''}`
      : `${signed(heldOut)}, ${heldOutWords(heldOut)}, at ${words.validity} ${formatScore(heldOut.found.validity)} against ${formatScore(heldOut.range.validity)} of the range`
  ])
  return facts
}

function foundTable({ post, range, found, scoredBy }: ReportedSearch): Block {
  const words = scoreWords(scoredBy)
  const row = (name: string, tone: ModelTone, score: CategoryScore, what: string): Cell[] => [
    { text: name, detail: what, tone },
    { text: formatScore(score.validity) },
    { text: formatScore(score.diversity) },
    { text: formatDelta(score.diversity - range.diversity) }
  ]
  const best =
    range.range === null
      ? []
      : [row('best range', 'hybrid', range, `layers of base: ${range.range.start}–${range.range.end}`)]
  return {
    kind: 'table',
    label: 'What the search found, best first',
    columns: [
      textColumn('Model'),
      numberColumn(words.validity),
      numberColumn(words.diversity),
      numberColumn('over the best range')
    ],
    rows: [
      row('post', 'post', post, 'nothing restored'),
      ...best,
      ...found.map((score) => row(score.recipe.name, 'hybrid', score, describeRecipe(score.recipe)))
    ]
  }
}

/** What each layer contributes. */
function sharesTable(shares: LayerShares, { scoredBy }: Pick<ReportedSearch, 'scoredBy'>): Block {
  const words = scoreWords(scoredBy)
  const { diversity, validity, intervals, further, alone, leftOut } = shares
  const share = (values: readonly number[], ends: readonly Interval[] | null, layer: number): Cell => ({
    text: formatDelta(at(values, layer, 'layer')),
    ...(ends !== null && {
      detail: at(ends, layer, 'layer')
        .map((end) => formatDelta(end))
        .join(' to ')
    })
  })
  return {
    kind: 'table',
    label: `What each layer contributes: Shapley values ${sharesBasisWords(shares)}`,
    columns: [
      numberColumn('Layer'),
      numberColumn(words.diversity),
      numberColumn(words.validity),
      ...further.map(({ measure }) => numberColumn(taskShareWords(measure, scoredBy))),
      numberColumn(`${words.diversity} alone`),
      numberColumn('left out')
    ],
    rows: diversity.map((_, layer) => [
      { text: String(layer) },
      share(diversity, intervals?.diversity ?? null, layer),
      share(validity, intervals?.validity ?? null, layer),
      ...further.map((each) => share(each.values, each.intervals, layer)),
      share(alone.diversity, null, layer),
      share(leftOut.diversity, null, layer)
    ])
  }
}

function effort(search: ReportedSearch): Fact[] {
  const { settings, generations, work } = search
  const candidates = generations.reduce((sum, generation) => sum + generation.candidates, 0)
  return [
    [
      'Search',
      `${plural(candidates, 'recipe')} in ${plural(generations.length, 'generation')}, ${searchEndWords(search)}; ` +
        `${formatCount(work.blockEvaluations)} block evaluations in ${formatDuration(search.seconds)} on ${DEVICE_LABELS[search.device]} in ${search.precision}`
    ],
    [
      'Settings',
      `${searchSettingsWords(settings)}; at most ${formatCount(settings.blockEvaluations)} block evaluations, ` +
        `ρ = ${search.rho}, seed ${settings.seed}`
    ],
    ['Computed', formatUtc(search.createdAt)],
    ...originFacts(search.origin)
  ]
}

/** Recipes that the user kept. */
export function keptSection({ recipes, sweep }: Report): Section {
  const section = { id: 'recipes', title: 'Kept recipes' }
  if (recipes.length === 0) {
    return { ...section, blocks: [{ kind: 'paragraph', text: 'No recipe was kept.' }] }
  }
  return {
    ...section,
    blocks: [
      {
        kind: 'table',
        label: 'Recipes, with the scores seen when they were kept',
        columns: [
          textColumn('Recipe'),
          textColumn('restores'),
          textColumn('scored by'),
          numberColumn('validity', 'or precision'),
          numberColumn('diversity', 'or coverage'),
          textColumn('whole answers'),
          textColumn('kept')
        ],
        rows: recipes.map(({ recipe, scoredBy, validity, diversity, keptAt }): Cell[] => [
          { text: recipe.name, tone: 'hybrid' },
          { text: describeRecipe(recipe) },
          { text: validity === null ? '–' : scoredByName(scoredBy) },
          { text: validity === null ? '–' : formatScore(validity) },
          { text: diversity === null ? '–' : formatScore(diversity) },
          { text: recipeCheckWords(sweep?.check ?? null, recipe, sweep?.selection?.rho ?? DEFAULT_RHO) },
          { text: formatUtc(keptAt) }
        ])
      }
    ]
  }
}
