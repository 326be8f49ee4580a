import { z } from 'zod'
import { AnsweringModel } from '../model/model'
import { MeasureId } from '../model/measures'
import { RestorationRange } from '../model/recipe'
import { entryById } from '../model/look-up'

/** Facts about a state of a verdict. */
interface VerdictFacts<Id extends string> {
  id: Id
  label: string
  /** True if an export warns of a recipe with this finding. */
  isDoubt: boolean
  /** True if the verdict is shown as a warning. */
  isWarning: boolean
  /** True if its action comes before all other steps. */
  isFirstStep: boolean
  /** True if its headline names the preview already, or does not depend on ranges. */
  isWithoutPreview: boolean
  /** True if it is never the headline, because the range may still be restored. */
  isNote: boolean
  /** Badge of the selected range on charts and lists; null for none. */
  badge: { label: string; good: boolean } | null
}

/** Returns the facts of a state. Facts that are not given are false, and the badge is the usual one. */
const state = <const Id extends string>(
  id: Id,
  label: string,
  facts: Partial<VerdictFacts<Id>> = {}
): VerdictFacts<Id> => ({
  id,
  label,
  isDoubt: false,
  isWarning: false,
  isFirstStep: false,
  isWithoutPreview: false,
  isNote: false,
  badge: { label: 'selected', good: true },
  ...facts
})

// Each fact is named by shorthand in the rows below.
const isDoubt = true
const isWarning = true
const isFirstStep = true
const isWithoutPreview = true
const plainBadge = { label: 'selected', good: false }

/** Findings about a sweep and the range that it selects, worst first. The worst one is the headline. */
const VERDICT_STATES = [
  /** Post itself often fails the prompts, or the sampler that is asked about. */
  state('unfit-prompts', 'prompts do not fit', { isDoubt, isWarning, isFirstStep, isWithoutPreview, badge: null }),
  /** No range is within the limit of validity and more diverse than post. */
  state('none-qualifies', 'no range', { isFirstStep, isWithoutPreview, badge: null }),
  /** An evaluation found that the range loses quality against post. */
  state('evaluated-loss', 'loses quality', { isDoubt, isWarning, badge: plainBadge }),
  /** The selected range's full answers are below the limit, or not more diverse than post's. */
  state('check-failed', 'fails the check', {
    isDoubt,
    isWarning,
    isFirstStep,
    badge: { label: 'selected, fails check', good: false }
  }),
  /** The selected range restores all layers, or its gain may be 0. */
  state('not-worth-it', 'not worth it', { isDoubt, isFirstStep }),
  /** A preview selects it, and another range is as likely or likelier. */
  state('preview-unreliable', 'cannot tell which range', {
    isDoubt,
    isFirstStep,
    isWithoutPreview,
    badge: { label: 'best guess', good: false }
  }),
  /** The selected range wins few resamples, and so do its neighbours. */
  state('unstable', 'unstable', { isDoubt, badge: { label: 'selected, unstable', good: false } }),
  /** A baseline, or another evaluated model, surely does better. */
  state('baseline-better', 'a baseline does better', { isDoubt, badge: plainBadge }),
  /** An evaluation of the range is being read. */
  state('reading', 'reading the evaluation…', { badge: plainBadge }),
  /** The full answers of the range were not checked. */
  state('unchecked', 'not checked'),
  /** The selected range shares the wins with its neighbours. */
  state('near-ties', 'one of near-equal ranges'),
  /** Most ranges are estimated only. */
  state('previewed', 'by a preview', { isWithoutPreview }),
  /** A baseline is ahead, though not surely. */
  state('baseline-close', 'a baseline may do as well', { isNote: true }),
  /** There is no evidence against the selected range. */
  state('holds', 'holds on full answers')
] as const

export const VerdictState = z.enum(VERDICT_STATES.map(({ id }) => id))
export type VerdictState = z.infer<typeof VerdictState>

export const verdictFacts = (state: VerdictState): (typeof VERDICT_STATES)[number] =>
  entryById(VERDICT_STATES, state, 'verdict')

/** Steps that a verdict or a caveat asks for. `hear` opens Chat, and `keep` keeps a better model as a recipe. */
export const VerdictStepKind = z.enum([
  'check',
  'check-more',
  'hear',
  'evaluate',
  'see-evaluation',
  'keep',
  'compare',
  'export',
  'sweep-rest',
  'search',
  'prompts',
  'limit'
])
export type VerdictStepKind = z.infer<typeof VerdictStepKind>

export const VerdictStep = z.object({ kind: VerdictStepKind, text: z.string() })
export type VerdictStep = z.infer<typeof VerdictStep>

export const VerdictFigure = z.object({ label: z.string(), value: z.string() })
export type VerdictFigure = z.infer<typeof VerdictFigure>

/** A baseline, or another evaluated model, that does better than the selected range. */
export const BetterModel = z.object({
  name: z.string(),
  /** Name in sentences, such as "a 70 % blend of all layers". */
  phrase: z.string(),
  /** Null for the selected range under another sampler, and for external models. */
  model: AnsweringModel.nullable(),
  basis: z.enum(['first tokens', 'full answers', 'task', 'evaluation']),
  modelsPerToken: z.number().int().nullable(),
  /** True if full answers fail the check; false if they pass or were not checked. */
  failsCheck: z.boolean()
})
export type BetterModel = z.infer<typeof BetterModel>

/** One reason against the selected range, in a short line. */
export const VerdictCaveat = z.object({
  state: VerdictState,
  text: z.string(),
  action: VerdictStep,
  better: BetterModel.nullable()
})
export type VerdictCaveat = z.infer<typeof VerdictCaveat>

/** The judgement on a sweep: its worst finding as a headline, other findings as caveats, and the next step. */
export const Verdict = z.object({
  state: VerdictState,
  label: z.string(),
  range: RestorationRange.nullable(),
  /** Sentence of at most 20 words and three figures. It says "Restore" only without evidence against the range. */
  headline: z.string(),
  figures: z.array(VerdictFigure).max(3),
  better: BetterModel.nullable(),
  /** Caveats, the worst first, without the caveat that is the headline. */
  caveats: z.array(VerdictCaveat),
  next: VerdictStep.nullable(),
  evaluationId: z.string().nullable()
})
export type Verdict = z.infer<typeof Verdict>

/** The parts of a verdict that every view shows: its headline, caveats, a better model and the next step. */
export const ShownVerdict = Verdict.pick({ state: true, headline: true, caveats: true, better: true, next: true })
export type ShownVerdict = z.infer<typeof ShownVerdict>

/** How an evaluation compares a model, such as the selected range, with post and with other variants. */
export const EvaluationFinding = z.object({
  evaluationId: z.string(),
  task: z.string(),
  /** How the model's diversity compares with post's. */
  diversity: z.enum(['better', 'worse', 'unsure', 'unknown']),
  /** Loss of quality; null if no loss is significant. */
  loss: z.object({ measure: MeasureId, mean: z.number(), postMean: z.number().nullable() }).nullable(),
  /** The most diverse variant of the same evaluation that is significantly better than the model; null without one. */
  better: BetterModel.extend({
    /** In diversity and in quality. */
    inBoth: z.boolean()
  }).nullable()
})
export type EvaluationFinding = z.infer<typeof EvaluationFinding>
