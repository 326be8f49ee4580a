import { answerLimit, checkOf, type CheckResult } from '../documents/answer-check'
import type { Score, Selection } from '../documents/crc'
import type { ScoredByBrief } from '../documents/scored-by'
import type { Verdict, VerdictFigure } from '../documents/verdict'
import type { Recipe } from '../model/recipe'
import { baselineName, bestBaseline } from './baseline-words'
import { capitalised, formatPercent, formatScore, plural } from './format'
import { recipeCheck, type RecipeCheck } from './recipe-check'
import { isDoubtful } from './recipe-doubt'
import { scoredByWords, type ScoreWords, scoreWords } from './score-words'
import { onSelectionPrompts } from './split-words'
import { isGood } from './verdict'

/** Result of one sweep or evaluation for a model, in the shape of a verdict. */
export interface ModelFinding {
  by: string
  headline: string
  figures: VerdictFigure[]
  /** Caveats, the worst first, without the caveat that is the headline. */
  caveats: string[]
  /** Direction of the finding: for or against the model. `unchecked` without a check, `open` without evidence. */
  weight: 'for' | 'against' | 'unchecked' | 'open'
}

interface ModelMeasurements {
  scoredBy: ScoredByBrief
  promptCount: number
  recipe: Recipe
  score: Score
  post: Score
  selection: Selection
  check: CheckResult | null
  verdict: Verdict | null
}

export function findingBySweep(scores: ModelMeasurements): ModelFinding {
  const { scoredBy, promptCount, verdict } = scores
  const words = scoreWords(scoredBy)
  const by = `${scoredByWords(scoredBy)}, ${plural(promptCount, words.prompt)}`
  const figures = figuresOf(scores, words)
  if (verdict === null) return { by, figures, ...unselected(scores, words) }
  const { headline, caveats, state } = verdict
  const weight = isGood(verdict) ? 'for' : state === 'unchecked' ? 'unchecked' : isDoubtful(state) ? 'against' : 'open'
  return { by, figures, headline, caveats: caveats.map(({ text }) => text), weight }
}

function figuresOf(
  { scoredBy, recipe, score, post, check, selection }: ModelMeasurements,
  words: ScoreWords
): VerdictFigure[] {
  const { minimumValidity, rho } = selection
  const figures = [
    {
      label: words.diversity,
      value: `${formatScore(score.diversity)} (post ${formatScore(post.diversity)})`
    },
    { label: words.validity, value: `${formatScore(score.validity)} (limit ${formatScore(minimumValidity)})` }
  ]
  if (scoredBy.kind === 'task') return figures
  const checked = checkOf(check, { kind: 'recipe', recipe })
  const value =
    check === null || checked === null
      ? 'not checked'
      : `${formatScore(checked.answers.validity)} (limit ${formatScore(answerLimit(check, rho))})`
  return [...figures, { label: 'validity of full answers', value }]
}

/** Judges a model that the sweep does not select by the sweep's rule and its full-answer check. */
function unselected(
  scores: ModelMeasurements,
  words: ScoreWords
): Pick<ModelFinding, 'headline' | 'caveats' | 'weight'> {
  const { scoredBy, recipe, score, selection, check } = scores
  const reason = shortfall(scores, words)
  if (reason !== null) return { headline: `${capitalised(reason)}.`, caveats: [], weight: 'against' }
  const passesRule = `${capitalised(words.more)} than post at the ${words.validity} asked for`
  const baseline = bestBaseline(selection)
  const caveats: string[] = []
  if (baseline !== null && baseline.diversity > score.diversity) {
    const { diversity, validity } = baseline
    const scores = `${formatScore(diversity)} at ${words.validity} ${formatScore(validity)}`
    caveats.push(`${capitalised(baselineName(baseline))} has more ${words.diversity}: ${scores}.`)
  }
  if (scoredBy.kind === 'task')
    return { headline: `${passesRule}.`, caveats, weight: caveats.length === 0 ? 'for' : 'open' }
  const checked = recipeCheck({ check, rho: selection.rho, selection }, recipe, score.validity)
  const weight = CHECK_WEIGHTS[checked.state] ?? 'open'
  if (weight === 'against') return { headline: `${capitalised(checked.words)}.`, caveats: [], weight }
  const headline =
    weight === 'unchecked' ? `${passesRule}; full answers were not checked.` : `${passesRule}, on full answers too.`
  return { headline, caveats, weight }
}

const CHECK_WEIGHTS: Partial<Record<RecipeCheck['state'], ModelFinding['weight']>> = {
  holds: 'for',
  unchecked: 'unchecked',
  'check-failed': 'against',
  'baseline-better': 'against',
  below: 'against'
}

/** Returns the reason why the sweep's selection rule excludes the model; null if it does not. */
function shortfall({ score, post, selection }: ModelMeasurements, words: ScoreWords): string | null {
  const { minimumValidity, rho } = selection
  if (score.validity < minimumValidity)
    return (
      `${words.validity} ${formatScore(score.validity)} is below the limit of ${formatScore(minimumValidity)}, ` +
      `${formatPercent(rho)} of post's${onSelectionPrompts(selection, words, 'on')}`
    )
  return score.diversity > post.diversity
    ? null
    : `${words.diversity} ${formatScore(score.diversity)} is not above post's ${formatScore(post.diversity)}`
}

/** Returns the findings that an export warns of, as sentences that name the model. */
export const doubtsOf = ({ name }: Pick<Recipe, 'name'>, findings: readonly ModelFinding[]): string[] =>
  findings.flatMap(({ headline, weight }) =>
    weight === 'against' || weight === 'unchecked'
      ? [headline.startsWith(`${name}:`) ? headline : `${name}: ${headline}`]
      : []
  )
