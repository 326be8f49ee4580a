import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { type AnswerCheck, answerLimit } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import { distanceRows } from '../../../contract/documents/distances'
import {
  estimateCells,
  LINEAGE_COLUMNS,
  type LineageDocument,
  lineageRows,
  type TriageDocument
} from '../../../contract/documents/lineage'
import { comparedCells, COMPARISON_COLUMNS } from '../../../contract/documents/comparison-table'
import type { RankTable } from '../../../contract/documents/rank-table'
import type { EvaluationView } from '../../../contract/documents/evaluation'
import { EVALUATION_COLUMNS, evaluationRows } from '../../../contract/documents/evaluation-table'
import type { SweepComparison } from '../../../contract/documents/sweep-comparison'
import { type Recipe, type RestorationRange, isUniform } from '../../../contract/model/recipe'
import { independentBaselineName } from '../../../contract/words/baseline-words'
import { checkedRows } from '../../../contract/words/checked-rows'
import { isSame } from '../../../contract/words/range-facts'

/** A flat table: column names, then a line for each row. */
export interface CsvTable {
  readonly header: readonly string[]
  /** Null is written as an empty cell, which readers take as missing. */
  readonly rows: readonly (readonly (string | number | boolean | null)[])[]
}

/* Flat tables of results for other programs: a row for each model or measure, numbers to all their digits. */

/** Columns of each table that `--csv` writes. */
const COLUMNS = {
  sweep:
    'kind name start end strength validity diversity effective_choices passes selected kl_to_base ' +
    'calibration_error',
  lineage: LINEAGE_COLUMNS,
  triage:
    'checkpoint step validity validity_low validity_high diversity diversity_low diversity_high ' +
    'effective_choices effective_choices_low effective_choices_high change change_low change_high',
  check: 'kind name start end first_token_validity first_token_diversity validity diversity limit passes',
  evaluation: EVALUATION_COLUMNS,
  ranks: 'model rank validity diversity bytes norm_share',
  comparison: COMPARISON_COLUMNS,
  distances: distanceRows({ components: [] }).header.join(' ')
} as const

const columns = (table: keyof typeof COLUMNS): string[] => COLUMNS[table].split(' ')

/** First columns of each table, as a file begins with them. */
export const TABLE_HEADS: readonly string[] = Object.values(COLUMNS).map(
  (names) => `${names.split(' ').slice(0, 3).join(',')},`
)

type Row = CsvTable['rows'][number]
type SweptScore = SweepDocument['post']

/** Start and end of a range for two cells; empty cells without a range. */
const ends = (range: RestorationRange | null): [number | null, number | null] => [
  range?.start ?? null,
  range?.end ?? null
]

/** Returns a row for each model. It passes if it keeps the validity of first tokens, or of a task's answers. */
export function sweepTable(sweep: SweepDocument): CsvTable {
  const { base, fewShot, post, ranges, recipes, checkpoints, uniformBlends, baselines, selection } = sweep
  const limit = selection?.minimumValidity ?? null
  const selected = selection?.selected ?? null
  const row = (
    kind: string,
    name: string,
    { validity, diversity, effectiveChoices, klToBase, calibrationError }: Omit<SweptScore, 'prompts' | 'categories'>,
    range: RestorationRange | null = null,
    strength: number | null = null
  ): Row => {
    const scores = [validity, diversity, effectiveChoices]
    const passes = limit === null ? null : validity >= limit
    const isSelected = range !== null && selected !== null && isSame(range, selected)
    const distances = [klToBase ?? null, calibrationError ?? null]
    return [kind, name, ...ends(range), strength, ...scores, passes, isSelected, ...distances]
  }
  return {
    header: columns('sweep'),
    rows: [
      ...(base === null ? [] : [row('base', 'base', base)]),
      ...(fewShot === undefined ? [] : [row('few-shot', FEW_SHOT_WORD, fewShot)]),
      row('post', 'post', post),
      ...ranges.map((score) => row('range', `${score.start}-${score.end}`, score, score)),
      ...recipes.map((score) => row('recipe', score.recipe.name, score)),
      ...checkpoints.map((score) => row('checkpoint', score.name, score)),
      ...uniformBlends.map((score) =>
        isUniform(score)
          ? row('uniform-blend', `blend:${score.strength}`, score, null, score.strength)
          : row('depth-ramp', `ramp:${score.strength},${score.last}`, score)
      ),
      ...baselines.map((score) => row(score.baseline.kind, independentBaselineName(score.baseline), score))
    ]
  }
}

export const lineageTable = (lineage: LineageDocument): CsvTable => ({
  header: columns('lineage'),
  rows: lineageRows(lineage)
})

/** Returns a row for each checkpoint of a training. */
export const triageTable = ({ checkpoints }: TriageDocument): CsvTable => ({
  header: columns('triage'),
  rows: checkpoints.map(({ name, step, validity, diversity, effectiveChoices, change }) => [
    name,
    step,
    ...[validity, diversity, effectiveChoices, change].flatMap(estimateCells)
  ])
})

/** Returns a row for each checked model, with its scores by the first token and of full answers. */
export function checkTable(check: AnswerCheck, rho: number): CsvTable {
  const limit = answerLimit(check, rho)
  return {
    header: columns('check'),
    rows: checkedRows(check, rho).map(({ name, tone, recipe, baseline, scores, passes }) => {
      const range = recipe === null ? null : rangeOf(recipe)
      const recipeKind = range === null ? 'recipe' : 'range'
      const otherKind = tone === 'post' ? 'post' : 'few-shot'
      const kind = baseline?.kind ?? (recipe === null ? otherKind : recipeKind)
      const [first, full] = [scores.firstToken, scores.answers]
      const cells = [first.validity, first.diversity, full.validity, full.diversity]
      return [kind, name, ...ends(range), ...cells, limit, passes]
    })
  }
}

function rangeOf(recipe: Recipe): RestorationRange | null {
  if (!('ranges' in recipe) || recipe.ranges.length !== 1) return null
  const [range] = recipe.ranges
  return range === undefined ? null : { start: range[0], end: range[1] }
}

export const evaluationTable = ({ results }: EvaluationView): CsvTable => ({
  header: columns('evaluation'),
  rows: evaluationRows(results)
})

/** Returns a row for post, the complete restoration, and the adapter of each rank. */
export function rankTable({ post, complete, ranks }: RankTable): CsvTable {
  return {
    header: columns('ranks'),
    rows: [
      ['post', null, post.validity, post.diversity, null, null],
      ['complete', null, complete.validity, complete.diversity, null, null],
      ...ranks.map((adapter): Row => {
        const { rank, validity, diversity, bytes, normShare } = adapter
        return ['adapter', rank, validity, diversity, bytes, normShare]
      })
    ]
  }
}

export const comparisonTable = (comparison: SweepComparison): CsvTable => ({
  header: columns('comparison'),
  rows: comparedCells(comparison)
})
