import { lowerFirst } from './format'
import {
  type BetterModel,
  type Verdict,
  type VerdictState,
  type VerdictStep,
  type VerdictStepKind,
  VerdictState as States,
  verdictFacts
} from '../documents/verdict'
import type { SweepOutline } from '../documents/pairs-overview'
import { hasPreview, previewBadge } from './preview-words'
import type { VerdictFinding, VerdictEvidence } from './verdict-evidence'
import { findingsOf } from './verdict-findings'

export type { VerdictEvidence } from './verdict-evidence'

/*
 * The verdict on a sweep: all findings about its selected range, worst first. A new state is a row of
 * `VERDICT_STATES` and a finding in `verdict-findings.ts`.
 */

/** Labels of the buttons for each step. */
export const STEP_LABELS: Readonly<Record<VerdictStepKind, string>> = {
  check: 'Check full answers',
  'check-more': 'Check more ranges',
  hear: 'Try it',
  evaluate: 'Evaluate',
  'see-evaluation': 'See Evaluate',
  keep: 'Keep it',
  compare: 'Compare',
  export: 'Export',
  'sweep-rest': 'Sweep the rest',
  search: 'Search again',
  prompts: 'Edit prompts',
  limit: 'Change the limit'
}

const severity = (state: VerdictState): number => States.options.indexOf(state)

/** Reports whether no finding speaks against the range. */
export const isGood = ({ state }: Pick<Verdict, 'state'>): boolean => state === 'holds'

/** Returns the verdict on a sweep: the worst finding as the headline, the others as caveats, and one next step. */
export function verdictOf(evidence: VerdictEvidence): Verdict {
  const { findings, holds } = findingsOf(evidence)
  const sorted = findings.toSorted((a, b) => severity(a.state) - severity(b.state))
  const worst = sorted.find(({ state }) => !verdictFacts(state).isNote) ?? holds
  const caveats = sorted.filter((finding) => finding !== worst)
  const isByPreview = hasPreview(evidence) && !verdictFacts(worst.state).isWithoutPreview
  const better = worst.better ?? caveats.find((caveat) => caveat.better !== null)?.better ?? null
  return {
    state: worst.state,
    label: worst.label ?? verdictFacts(worst.state).label,
    range: evidence.selection.selected,
    headline: isByPreview ? `By a preview, ${lowerFirst(worst.headline)}` : worst.headline,
    figures: worst.figures,
    better,
    caveats: caveats.map(({ state, caveat, action, better }) => ({ state, text: caveat, action, better })),
    next: nextStep(evidence, worst, sorted),
    evaluationId: evidence.evaluation?.evaluationId ?? null
  }
}

/** Returns the step that the verdict suggests; null for a what-if question. */
function nextStep(
  evidence: VerdictEvidence,
  worst: VerdictFinding,
  findings: readonly VerdictFinding[]
): VerdictStep | null {
  const { evaluation = null, hasAnswers = true, sampler = null } = evidence
  if (sampler !== null) return null
  if (verdictFacts(worst.state).isFirstStep) return worst.action
  const unchecked = findings.find(({ state }) => state === 'unchecked')
  if (unchecked !== undefined) return unchecked.action
  if (worst.state === 'unstable' || worst.state === 'previewed') return worst.action
  if (evaluation === null && !hasAnswers) return { kind: 'hear', text: 'Try it in Chat.' }
  if (evaluation === null) {
    return { kind: 'evaluate', text: 'Evaluate a task before you rely on it.' }
  }
  const keepsBaseline = worst.state === 'baseline-better' && worst.action.kind === 'keep'
  if (worst.state === 'evaluated-loss' || keepsBaseline) return worst.action
  return { kind: 'export', text: 'Export the model.' }
}

export const verdictText = ({ headline, caveats }: Verdict): string =>
  [headline, ...caveats.map(({ text }) => text)].join(' ')

/** Says how a better model can be kept, or why it cannot. */
export const betterUse = ({ model, modelsPerToken, failsCheck }: BetterModel): string => {
  const check = failsCheck ? ' It fails the full-answer check.' : ''
  if (model?.kind === 'recipe') return `It can be kept as a recipe.${check}`
  if (model === null) return 'It is no model of its own.'
  if (model.kind === 'checkpoint') return 'Use it as it is, or let the next sweep restore layers to it.'
  const runs = modelsPerToken === 2 ? ' It runs two models for each token.' : ''
  return model.kind === 'baseline'
    ? `It is a way to sample, not a model: use it in Samples and Evaluate.${runs}`
    : 'It is one of the models of the pair.'
}

/** The short label of the selected range in charts and tables, such as "selected" or "not checked". */
export interface SelectedBadge {
  readonly label: string
  readonly good: boolean
}

/** Returns how legends name the selected range: always as selected. A verdict without a badge names none. */
export function selectedName(badge: SelectedBadge | null): string {
  if (badge === null) return ''
  return badge.label.startsWith('selected') ? badge.label : `selected: ${badge.label}`
}

/** Returns a badge that claims no more than the headline. */
export function selectedBadge({
  state,
  label,
  caveats
}: Pick<Verdict, 'state' | 'label' | 'caveats'>): SelectedBadge | null {
  const { badge } = verdictFacts(state)
  if (state === 'evaluated-loss') return { label, good: false }
  return badge?.good === true && caveats.some((caveat) => caveat.state === 'reading')
    ? { ...badge, good: false }
    : badge
}

/** Returns the progress and the verdict of a sweep for lists, such as "done: not checked". */
export function sweepState(outline: Pick<SweepOutline, 'verdict' | 'rangeCount' | 'estimatedCount'>): string {
  const { verdict } = outline
  return verdict === null ? 'no ranges scored' : `${previewBadge(outline) ?? 'done'}: ${verdict.label}`
}

/** Removes better models from a verdict, because reports must not show the folders that their recipes name. */
export function withoutModels(verdict: Verdict): Verdict {
  const unnamed = (better: BetterModel | null): BetterModel | null =>
    better === null ? null : { ...better, model: null }
  return {
    ...verdict,
    better: unnamed(verdict.better),
    caveats: verdict.caveats.map((caveat) => ({ ...caveat, better: unnamed(caveat.better) }))
  }
}
