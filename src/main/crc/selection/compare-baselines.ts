import type { CountedPrompt } from '../../../contract/documents/counted-scores'
import { familyScores } from './family-scores'
import {
  type BaselineComparison,
  type CategoryScore,
  type Difference,
  type HoldOutResult,
  type HoldOutSplit,
  onlyMeans,
  type RangeScore,
  type Score,
  type Selection
} from '../../../contract/documents/crc'
import { type Baseline, BASELINE_KINDS } from '../../../contract/model/sampling-baseline'
import { mostDiverse } from '../../../contract/model/by-diversity'
import { layersModel } from '../../../contract/model/model'
import { halfStrengths, spanKey } from '../../../contract/model/strengths'
import { averageScores } from '../task/scoring'
import { mean } from '../../base/sums'
import {
  answerLimit,
  checkOf,
  checkOfBaseline,
  type CheckResult,
  checkOfRange,
  passesCheck,
  type FullAnswerScores
} from '../../../contract/documents/answer-check'
import {
  baselinesOfKind,
  type Candidate,
  controls,
  halvesAlone,
  otherCheckpoints,
  otherwiseDrawn,
  type SelectionInput
} from './baseline-candidates'
import { temperedScores, type Tempered } from './what-if'
import { scoreWords } from '../../../contract/words/score-words'
import { computeSelection } from './selection'
import { promptsByCategory } from './score-table'
import { signFlip } from './sign-flip'
import { elementAt } from '../../../contract/model/look-up'
import type { Steps } from '../../base/steps'
import { findRange } from '../../../contract/model/strengths'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/**
 * Selects a range among `candidates` and compares it with the baselines of the sweep. If the sweep has a hold-out
 * split, the selection prompts decide, and comparisons use the other prompts.
 * @param options.check full-answer check of the sweep; baselines that fail it are compared only if no other passes.
 * @param options.budget number of candidates that each family of baselines picks from; null for all
 */
export function* selectionOf(
  sweep: SelectionInput,
  candidates: readonly RangeScore[],
  rho: number,
  seed = DEFAULT_SEED,
  { check = null, budget = null }: { check?: CheckResult | null; budget?: number | null | undefined } = {}
): Steps<Selection> {
  const { holdOutSplit, scoredBy } = sweep
  const selectionSweep = holdOutSplit === null ? sweep : yield* restrictToPrompts(sweep, holdOutSplit.selection)
  const candidateKeys = new Set(candidates.map(spanKey))
  const ranges = selectionSweep.ranges.filter((range) => candidateKeys.has(spanKey(range)))
  const selected = yield* computeSelection({ ...selectionSweep, ranges }, rho, { seed, words: scoreWords(scoredBy) })
  const range = findRange(sweep.ranges, selected.selected)
  if (range === undefined) return selected
  yield
  const families = yield* familyScores(selectionSweep, ranges, { rho, seed, budget })
  const tempered = yield* temperedScores(sweep, range)
  const { minimumValidity } = selected
  return {
    ...selected,
    families,
    budget,
    baselines: yield* compareBaselines(sweep, { minimumValidity, rho, range, tempered, check }, seed),
    holdOut: holdOutSplit === null ? null : yield* scoreOnHoldOut(sweep, range, holdOutSplit, seed),
    tempered: tempered.map(storedScore)
  }
}

/** Keeps the fields of a score under another sampler that a selection stores. */
function storedScore({ sampler, score }: Tempered): Selection['tempered'][number] {
  const { validity, diversity, effectiveChoices, distinctRight } = score
  const stored = { ...sampler, validity, diversity, effectiveChoices }
  return distinctRight === undefined ? stored : { ...stored, distinctRight }
}

/** Repeats only the comparisons of a selection, because baselines were scored or checked after it was made. */
export function* recompareBaselines(
  sweep: SelectionInput,
  selection: Selection,
  check: CheckResult | null = null
): Steps<Selection> {
  const { selected, minimumValidity, bootstrap, rho } = selection
  const range = findRange(sweep.ranges, selected)
  if (range === undefined) return selection
  const tempered = yield* temperedScores(sweep, range)
  const compared = { minimumValidity, rho, range, tempered, check }
  const baselines = yield* compareBaselines(sweep, compared, bootstrap.seed)
  return { ...selection, baselines }
}

/** Returns a sweep with only some of its prompts, and all scores averaged over them. @param indices of the prompts */
function* restrictToPrompts(sweep: SelectionInput, indices: readonly number[]): Steps<SelectionInput> {
  const prompts = indices.map((index) => elementAt(sweep.prompts, index, 'prompt'))
  const restrict = <Scored extends Score>(score: Scored): Scored => ({
    ...score,
    ...scoreOnPrompts(sweep.prompts, score, indices)
  })
  const ranges: RangeScore[] = []
  for (const range of sweep.ranges) {
    ranges.push(restrict(range))
    yield
  }
  return {
    ...sweep,
    prompts,
    holdOutSplit: null,
    post: restrict(sweep.post),
    ranges,
    recipes: sweep.recipes.map(restrict),
    checkpoints: sweep.checkpoints.map(restrict),
    uniformBlends: sweep.uniformBlends.map(restrict),
    baselines: sweep.baselines.map(restrict)
  }
}

function scoreOnPrompts(prompts: SelectionInput['prompts'], score: Score, indices: readonly number[]): Score {
  if (indices.length === prompts.length) return score
  return averageScores(
    indices.map((index) => elementAt(prompts, index, 'prompt')),
    indices.map((index) => elementAt(score.prompts, index, 'score'))
  )
}

/** Scores post and the selected range on the hold-out prompts, which took no part in the selection. */
function* scoreOnHoldOut(
  sweep: SelectionInput,
  range: RangeScore,
  { selection: selectionPrompts, holdOut }: HoldOutSplit,
  seed: number
): Steps<HoldOutResult> {
  const { prompts, post, ranges } = yield* restrictToPrompts(
    { ...sweep, ranges: [range], recipes: [], checkpoints: [], uniformBlends: [], baselines: [] },
    holdOut
  )
  const selected = elementAt(ranges, 0, 'range')
  const gain = (measure: keyof CategoryScore): Difference => difference(selected, post, measure, prompts, seed)
  return {
    selectionPromptCount: selectionPrompts.length,
    holdOutPromptCount: holdOut.length,
    post: onlyMeans(post),
    selected: onlyMeans(selected),
    gain: { validity: gain('validity'), diversity: gain('diversity') }
  }
}

/** A candidate that the selection rule accepts. */
interface Qualified<Baseline> {
  baseline: Baseline
  /** Score on all prompts. */
  score: Score
  selectionScore: Score
}

/** Filters the candidates that the selection rule accepts on the selection prompts. */
function qualifying<Baseline>(
  { prompts, post, holdOutSplit }: Pick<SelectionInput, 'prompts' | 'post' | 'holdOutSplit'>,
  candidates: readonly { baseline: Baseline; score: Score }[],
  minimumValidity: number
): Qualified<Baseline>[] {
  const selectionPrompts = holdOutSplit?.selection ?? [...prompts.keys()]
  const minimumDiversity = scoreOnPrompts(prompts, post, selectionPrompts).diversity
  return candidates
    .map((candidate) => ({
      ...candidate,
      selectionScore: scoreOnPrompts(prompts, candidate.score, selectionPrompts)
    }))
    .filter(
      ({ selectionScore }) => selectionScore.validity >= minimumValidity && selectionScore.diversity > minimumDiversity
    )
}

/** Lists the baselines of a kind that the selection rule accepts by their first tokens, the most diverse first. */
export function bestBaselines(
  sweep: Pick<SelectionInput, 'prompts' | 'post' | 'holdOutSplit' | 'uniformBlends' | 'baselines'>,
  kind: Baseline['kind'],
  rho: number
): Baseline[] {
  const selectionPrompts = sweep.holdOutSplit?.selection ?? [...sweep.prompts.keys()]
  const minimumValidity = rho * scoreOnPrompts(sweep.prompts, sweep.post, selectionPrompts).validity
  let remaining = qualifying(sweep, baselinesOfKind(sweep, kind), minimumValidity)
  const best: Baseline[] = []
  for (;;) {
    const [next] = mostDiverse(remaining, ({ selectionScore }) => selectionScore)
    if (next === undefined) return best
    best.push(next.baseline)
    remaining = remaining.filter((candidate) => candidate !== next)
  }
}

/** The selected range, and the rule by which the best baselines are found. */
interface Comparing extends Pick<Selection, 'minimumValidity' | 'rho'> {
  range: RangeScore
  tempered: readonly Tempered[]
  check: CheckResult | null
}

/** Compares the range with the best baseline of each kind, the best other checkpoint, its halves and the controls. */
function* compareBaselines(
  sweep: SelectionInput,
  { range, tempered, minimumValidity, rho, check }: Comparing,
  seed: number
): Steps<BaselineComparison[]> {
  const { prompts, holdOutSplit } = sweep
  // Indices of the prompts on which the comparisons are reported.
  const reporting = holdOutSplit?.holdOut ?? [...prompts.keys()]
  const onReported = (score: Score): Score => scoreOnPrompts(prompts, score, reporting)
  const best = <Baseline extends BaselineComparison['baseline']>(
    candidates: readonly { baseline: Baseline; score: Score }[],
    isRejected: (baseline: Baseline) => boolean = () => false
  ): Candidate[] => {
    const qualified = qualifying(sweep, candidates, minimumValidity)
    const accepted = qualified.filter(({ baseline }) => !isRejected(baseline))
    return mostDiverse(accepted.length === 0 ? qualified : accepted, ({ selectionScore }) => selectionScore).slice(0, 1)
  }
  const failsCheck = (baseline: Baseline): boolean => {
    const checked = checkOfBaseline(check, baseline)
    return check !== null && checked !== null && !passesCheck(checked, check, rho)
  }
  const candidates = [
    ...BASELINE_KINDS.flatMap((kind) => best(baselinesOfKind(sweep, kind), failsCheck)),
    ...best(otherCheckpoints(sweep)),
    ...best(otherwiseDrawn(sweep, range, tempered)),
    ...halvesAlone(sweep, range),
    ...controls(sweep, range)
  ]
  const reported = reporting.map((index) => elementAt(prompts, index, 'prompt'))
  const selected = onReported(range)
  const compared: BaselineComparison[] = []
  for (const { baseline, score } of candidates) {
    yield
    const scored = onReported(score)
    const validity = difference(scored, selected, 'validity', reported, seed)
    yield
    const diversity = difference(scored, selected, 'diversity', reported, seed)
    if (check !== null) yield
    compared.push({
      baseline,
      validity: scored.validity,
      diversity: scored.diversity,
      promptCount: reporting.length,
      difference: { validity, diversity },
      answers:
        check === null ? null : compareAnswers(check, { baseline, range, rho, reporting, prompts: reported, seed })
    })
  }
  return compared
}

/** Finds the full-answer scores of a compared model; null if it was not checked. */
function answersOf(check: CheckResult, baseline: BaselineComparison['baseline']): FullAnswerScores | null {
  if (baseline.kind === 'tempered') return null
  if (baseline.kind === 'control') return checkOfRange(check, baseline.range)
  if (baseline.kind === 'checkpoint') return checkOf(check, baseline)
  if (baseline.kind !== 'half') return checkOfBaseline(check, baseline)
  return checkOf(check, layersModel(halfStrengths(baseline.range, baseline.half, check.layerCount, check.source)))
}

/** Inputs of a comparison on full answers. */
interface AnswersCompared {
  baseline: BaselineComparison['baseline']
  range: RangeScore
  rho: number
  /** Indices of the prompts on which the comparison is reported. */
  reporting: readonly number[]
  /** Prompts at these indices. */
  prompts: readonly CountedPrompt[]
  seed: number
}

/** Compares a baseline with the selected range on full answers. Null unless both have checked answers by prompt. */
function compareAnswers(
  check: CheckResult,
  { baseline, range, rho, reporting, prompts, seed }: AnswersCompared
): BaselineComparison['answers'] {
  const ofBaseline = answersOf(check, baseline)?.prompts
  const ofRange = checkOfRange(check, range)?.prompts
  if (ofBaseline === undefined || ofRange === undefined) return null
  const on = (scores: readonly CategoryScore[]): { prompts: CategoryScore[] } => ({
    prompts: reporting.map((index) => elementAt(scores, index, 'prompt'))
  })
  const { categories } = promptsByCategory(prompts)
  const compared = on(ofBaseline)
  const selected = on(ofRange)
  const meanOf = (measure: keyof CategoryScore): number =>
    mean(
      categories.map((category) => mean(category.map((index) => elementAt(compared.prompts, index, 'prompt')[measure])))
    )
  return {
    validity: meanOf('validity'),
    diversity: meanOf('diversity'),
    minimumValidity: answerLimit(check, rho),
    difference: {
      validity: difference(compared, selected, 'validity', prompts, seed),
      diversity: difference(compared, selected, 'diversity', prompts, seed)
    }
  }
}

/**
 * Tests the difference of two models in a measure by sign flips of their differences on each prompt. Categories weigh
 * the same. Prompts that count only for the other measure are omitted.
 */
function difference(
  score: { prompts: readonly CategoryScore[] },
  selected: { prompts: readonly CategoryScore[] },
  measure: keyof CategoryScore,
  prompts: readonly CountedPrompt[],
  seed: number
): ReturnType<typeof signFlip> {
  const counts = (index: number): boolean => {
    const onlyMeasure = elementAt(prompts, index, 'prompt').measure
    return onlyMeasure === undefined || onlyMeasure === measure
  }
  const categories = promptsByCategory(prompts).categories.filter((category) => category.every(counts))
  const weights = categories.flatMap((category) => category.map(() => 1 / category.length))
  const differences = categories
    .flat()
    .map(
      (index) =>
        elementAt(score.prompts, index, 'prompt')[measure] - elementAt(selected.prompts, index, 'prompt')[measure]
    )
  return signFlip(differences, weights, seed)
}
