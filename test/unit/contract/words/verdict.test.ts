import { expect, it } from 'vitest'
import type { BaselineComparison, Selection } from '../../../../src/contract/documents/crc'
import { type EvaluationFinding, type Verdict, VerdictState } from '../../../../src/contract/documents/verdict'
import { blendRecipe } from '../../../../src/contract/documents/swept-model'
import { allRanges, rangeStrengths } from '../../../../src/contract/model/strengths'
import { isSame } from '../../../../src/contract/words/range-facts'
import { recipeCheck } from '../../../../src/contract/words/recipe-check'
import {
  betterUse,
  isGood,
  selectedBadge,
  selectedName,
  sweepState,
  type VerdictEvidence,
  verdictOf
} from '../../../../src/contract/words/verdict'
import { goldenText } from '../../../fixtures/golden-text'
import {
  baseline,
  checked,
  checkOfModels,
  difference,
  FAILING,
  FEW,
  LAYERS,
  PASSING,
  PREVIEW,
  prompts,
  range,
  RANGES,
  score,
  selectionOf,
  STABLE,
  UNCHECKED,
  whole
} from '../../../fixtures/verdict-evidence'

const FILTER = { kind: 'filter', share: 0.001 } as const
const BLEND = { kind: 'uniform-blend', strength: 0.7 } as const
const against = (...baselines: BaselineComparison[]): Selection => ({ ...STABLE, baselines })
const onAnswers = (low: number, validity = 0.98): BaselineComparison['answers'] => ({
  validity,
  diversity: 0.988,
  minimumValidity: 0.891,
  difference: { validity: difference(0.06, 0.01), diversity: difference(0.078, low) }
})

const FOUND: EvaluationFinding = {
  ...{ evaluationId: 'e1', task: 'one of many right answers' },
  ...{ diversity: 'better', loss: null, better: null }
}
const LOSS = { measure: 'accuracy', mean: -0.182, postMean: 1 } as const
const BETTER = {
  name: 'All layers at 0.7',
  phrase: 'a 70 % blend of all layers',
  model: { kind: 'recipe', recipe: blendRecipe({ strength: 0.7 }, { layerCount: LAYERS, source: null }) },
  basis: 'evaluation',
  modelsPerToken: 1,
  failsCheck: false,
  inBoth: true
} as const

const NEAR = selectionOf(range(4, 11), [
  [4, 11, 0.4],
  [5, 11, 0.35],
  [3, 11, 0.2]
])
const UNSTABLE = selectionOf(range(4, 11), [
  [4, 11, 0.3],
  [0, 3, 0.25]
])
const holdOut = {
  selectionPromptCount: 20,
  holdOutPromptCount: 20,
  post: score(0.98, 0.44),
  selected: score(0.9, 0.85),
  gain: { validity: difference(-0.08, -0.1), diversity: difference(0.41, 0.38) }
}

/** A preview that knows every range, the others as estimates. */
const WHOLE_PREVIEW = {
  ...PREVIEW,
  ranges: allRanges(LAYERS)
    .filter((one) => !RANGES.some((exact) => isSame(one, exact)))
    .map((one) => ({
      ...one,
      ...(isSame(one, range(3, 11)) ? score(0.93, 0.94) : score(0.5, 0.5)),
      margins: score(0.05, 0.02)
    }))
}

/** Evidence by what it is about. */
const CASES: Readonly<Record<string, Partial<VerdictEvidence>>> = {
  'swept, nothing else': {},
  'swept and checked': { check: PASSING },
  'checked, without answers yet': { check: PASSING, hasAnswers: false },
  'checked and evaluated without a loss': { check: PASSING, evaluation: FOUND },
  'its evaluation is being read': { check: PASSING, isReading: true },
  'a baseline does better on first tokens, unchecked': { selection: against(baseline(FILTER)) },
  'a baseline does better on full answers': {
    check: PASSING,
    selection: against(baseline(FILTER, 0.02, onAnswers(0.06)))
  },
  'a baseline that fails the check does better on first tokens': {
    check: PASSING,
    selection: against(baseline(BLEND, 0.02, onAnswers(0.06, 0.85)))
  },
  'a uniform blend does better on full answers, evaluated without a loss': {
    check: PASSING,
    evaluation: FOUND,
    selection: against(baseline(BLEND, 0.02, onAnswers(0.06)))
  },
  'a baseline may do as well': { check: PASSING, selection: against(baseline(FILTER, -0.01)) },
  'the range itself does better at another temperature': {
    check: PASSING,
    selection: against(baseline({ kind: 'tempered', temperature: 1.75, minP: 0.1, range: range(4, 11) }))
  },
  'fails the check': { check: FAILING },
  'fails the check, nothing left to check': { check: FAILING, isAllChecked: true },
  'no more diverse than post on full answers': {
    check: checkOfModels(checked(range(4, 11), whole(0.95, 0.44)))
  },
  'evaluated at a loss': { check: PASSING, evaluation: { ...FOUND, loss: LOSS } },
  'evaluated at a loss, a blend better on both': {
    check: PASSING,
    evaluation: { ...FOUND, loss: LOSS, better: BETTER },
    selection: against(baseline(FILTER, 0.02, onAnswers(0.06)))
  },
  'evaluated at a loss of another measure': {
    check: PASSING,
    evaluation: { ...FOUND, diversity: 'unsure', loss: { measure: 'judge', mean: -0.21, postMean: 0.8 } }
  },
  'evaluated, a blend better, no loss': { check: PASSING, evaluation: { ...FOUND, better: BETTER } },
  'evaluated at a loss and fails the check': { check: FAILING, evaluation: { ...FOUND, loss: LOSS } },
  'near-equal ranges': { check: PASSING, selection: NEAR },
  'near-equal ranges, unchecked': { selection: NEAR },
  unstable: { check: PASSING, selection: UNSTABLE },
  'too few prompts': { check: PASSING, post: FEW },
  'all layers': { selection: selectionOf(range(0, 11), [[0, 11, 1]]) },
  'a gain that may be none': { selection: selectionOf(range(4, 11), [[4, 11, 0.9]], [-0.01, 0.05]) },
  'hold-out prompts': { check: PASSING, selection: { ...STABLE, holdOut } },
  'no range': { selection: selectionOf(null, []) },
  'no range among the exact ones of a preview': { selection: selectionOf(null, []), preview: PREVIEW },
  'the prompts do not fit': { post: { ...score(0.62, 0.3), prompts: prompts(0.4, 0.9, 0.3) } },
  'the prompts do not fit, evaluated at a loss': {
    post: { ...score(0.62, 0.3), prompts: prompts(0.4) },
    evaluation: { ...FOUND, loss: LOSS }
  },
  'post looks exchanged with base': {
    post: { ...score(0.4, 0.9), prompts: prompts(0.4) },
    base: score(0.99, 0.4)
  },
  'another sampler': { sampler: { temperature: 1.5, minP: 0 } },
  'another sampler under which post fails': {
    sampler: { temperature: 4, minP: 0 },
    post: { ...score(0.5, 0.9), prompts: prompts(0.5) }
  },
  'a preview': { preview: PREVIEW, check: PASSING },
  'a preview that cannot tell': { preview: WHOLE_PREVIEW },
  'scored by a task': { scoredBy: { kind: 'task' } },
  'scored by two tasks': { scoredBy: { kind: 'task', task: { name: 'German' }, keep: { name: 'law' } } },
  'restored to another checkpoint': { source: { name: 'sft', path: '/models/sft', fingerprint: 'f1' } }
}

const verdicts = Object.entries(CASES).map(([name, evidence]): [string, Verdict] => [
  name,
  verdictOf({ ...UNCHECKED, ...evidence })
])

const shown = ({ state, label, headline, figures, better, caveats, next }: Verdict): string[] => [
  ...[`${state} (${label})`, headline],
  ...figures.map(({ label, value }) => `  ${label}: ${value}`),
  ...(better === null ? [] : [`better: ${better.name}, ${better.model?.kind ?? 'no model'}, ${better.basis}`]),
  ...caveats.map((caveat) => `- ${caveat.state}: ${caveat.text} [${caveat.action.kind}]`),
  `next: ${next === null ? 'nothing' : `${next.kind}: ${next.text}`}`
]

it('says the worst thing known of each evidence, with caveats and a next step', async () => {
  const told = Object.fromEntries(verdicts.map(([name, verdict]) => [name, shown(verdict)]))
  await expect(goldenText(told)).toMatchFileSnapshot('./verdicts.golden.txt')
})

it.each(verdicts)('%s: one short headline, worst first, and no order against what is known', (_, verdict) => {
  const { state, headline, figures, caveats } = verdict
  const names = /(Layers?|layers?) \d+(–\d+)?/g
  const words = headline.split(/\s+/).filter((word) => !['%', '→'].includes(word))
  expect(words.length).toBeLessThanOrEqual(20)
  expect(headline.replace(names, '').match(/\d+(\.\d+)?/g)?.length ?? 0).toBeLessThanOrEqual(3)
  expect(figures.length).toBeLessThanOrEqual(3)
  expect(headline.startsWith('Restore')).toBe(state === 'holds')
  const severities = [state, ...caveats.map((caveat) => caveat.state)]
    .filter((one) => one !== 'baseline-close')
    .map((one) => VerdictState.options.indexOf(one))
  expect(severities).toEqual(severities.toSorted((a, b) => a - b))
  for (const { text } of caveats) expect(text.split(/\s+/).length).toBeLessThanOrEqual(24)
})

it('praises only what holds, and every state has a case', () => {
  expect(VerdictState.options.filter((state) => isGood({ state }))).toEqual(['holds'])
  const seen = new Set(verdicts.flatMap(([, { state, caveats }]) => [state, ...caveats.map((caveat) => caveat.state)]))
  expect(VerdictState.options.filter((state) => !seen.has(state))).toEqual([])
})

it('marks a range as selected only where the headline is about restoring it, and green only without doubt', () => {
  const badge = (evidence: Partial<VerdictEvidence>) => selectedBadge(verdictOf({ ...UNCHECKED, ...evidence }))
  expect(badge({ check: PASSING })).toEqual({ label: 'selected', good: true })
  expect(badge({ check: FAILING })).toEqual({ label: 'selected, fails check', good: false })
  expect(badge({ check: PASSING, isReading: true })).toEqual({ label: 'selected', good: false })
  const atLoss = badge({ check: PASSING, evaluation: { ...FOUND, loss: LOSS } })
  expect(atLoss).toEqual({ label: '18 % fewer right answers', good: false })
  expect(selectedName(atLoss)).toBe('selected: 18 % fewer right answers')
  expect([badge({ check: FAILING }), null].map(selectedName)).toEqual(['selected, fails check', ''])
  expect(badge({ post: { ...score(0.4, 0.2), prompts: prompts(0.4) } })).toBeNull()
  expect(badge({ selection: selectionOf(null, []) })).toBeNull()
})

it('says beside other pairs how far a sweep is, and its verdict', () => {
  const verdict = verdictOf({ ...UNCHECKED, check: PASSING, evaluation: { ...FOUND, loss: LOSS } })
  expect(sweepState({ verdict, rangeCount: 78, estimatedCount: null })).toBe('done: 18 % fewer right answers')
  expect(sweepState({ verdict, rangeCount: 8, estimatedCount: 70 })).toBe(
    'preview, 8 of 78 ranges exact: 18 % fewer right answers'
  )
})

it('takes a check of the same layers from another checkpoint as none', () => {
  const source = { name: 'sft', path: '/models/sft', fingerprint: 'f1' }
  const layers = rangeStrengths(range(4, 11), LAYERS, source)
  const check = { ...PASSING, source, models: [{ recipe: { name: 'of sft', layers }, ...whole(0.9, 0.91) }] }
  expect(verdictOf({ ...UNCHECKED, source, check }).headline).toMatch(/^Restore layers 4–11 from sft/)
  expect(verdictOf({ ...UNCHECKED, source, check: { ...PASSING, source } }).state).toBe('unchecked')
})

it('compares a recipe with the baseline on one basis: full answers where both have them', () => {
  const mine = { name: 'mine', ranges: [[4, 11] satisfies [number, number]] }
  const check = (...baselines: BaselineComparison[]) =>
    recipeCheck({ check: PASSING, rho: 0.9, selection: against(...baselines) }, mine, null)
  expect(check(baseline(FILTER)).words).toContain(
    'does better on first tokens (full answers not checked): diversity 0.988 at validity 0.980, against 0.900'
  )
  expect(check(baseline(FILTER, 0.02, onAnswers(0.06))).words).toContain(
    'does better on full answers: diversity 0.988 at validity 0.980, against 0.910'
  )
  expect(check(baseline(FILTER, -0.01)).state).toBe('holds')
})

it('says that a model which did better in the evaluation fails the full-answer check', () => {
  const evaluation = { ...FOUND, loss: LOSS, better: BETTER }
  const useAt = (validity: number): string => {
    const check = { ...PASSING, baselines: [{ baseline: BLEND, ...whole(validity, 0.95) }] }
    const { better } = verdictOf({ ...UNCHECKED, check, evaluation })
    return better === null ? '' : betterUse(better)
  }
  expect(useAt(0.5)).toBe('It can be kept as a recipe. It fails the full-answer check.')
  expect(useAt(0.95)).toBe('It can be kept as a recipe.')
})

it('says how to go on from an earlier checkpoint that did better', () => {
  const model = { kind: 'checkpoint', name: 'sft', path: '/sft', fingerprint: '0'.repeat(64) } as const
  expect(betterUse({ ...BETTER, model })).toBe('Use it as it is, or let the next sweep restore layers to it.')
})
