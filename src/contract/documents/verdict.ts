import { z } from 'zod'
import { AnsweringModel } from '../model/model'
import { MeasureId } from '../model/measures'
import { RestorationRange } from '../model/recipe'

/** Findings about a sweep and the range that it selects, worst first. The worst one is the headline. */
export const VerdictState = z.enum([
  /** Post itself often fails the prompts, or the sampler that is asked about. */
  'unfit-prompts',
  /** No range keeps the validity and is more diverse than post. */
  'none-qualifies',
  /** An evaluation found that the range loses quality against post. */
  'evaluated-loss',
  /** Its full answers fall below the limit, or are no more diverse than post's. */
  'check-failed',
  /** It restores all layers, or its gain may be none. */
  'not-worth-it',
  /** A preview selects it, and another range is as likely or likelier. */
  'preview-unreliable',
  /** It wins few resamples, and so do its neighbours. */
  'unstable',
  /** A baseline, or another evaluated model, surely does better. */
  'baseline-better',
  /** An evaluation of it is being read. */
  'reading',
  /** Its full answers were not checked. */
  'unchecked',
  /** It shares the wins with its neighbours. */
  'near-ties',
  /** Most ranges are estimated only. */
  'previewed',
  /** A baseline is ahead, though not surely. */
  'baseline-close',
  /** No evidence speaks against the model. */
  'holds'
])
export type VerdictState = z.infer<typeof VerdictState>

/** Steps that a verdict or a caveat asks for. */
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
  'prompts',
  'limit'
])
export type VerdictStepKind = z.infer<typeof VerdictStepKind>

/** Next action, with the sentence that terminal and report print. */
export const VerdictStep = z.object({ kind: VerdictStepKind, text: z.string() })
export type VerdictStep = z.infer<typeof VerdictStep>

export const VerdictFigure = z.object({ label: z.string(), value: z.string() })
export type VerdictFigure = z.infer<typeof VerdictFigure>

/** A baseline, or another evaluated model, that does better than the selected range. */
export const BetterModel = z.object({
  /** Name in lists. */
  name: z.string(),
  /** Name in sentences, such as "a 70 % blend of all layers". */
  phrase: z.string(),
  /** Null for the selected range under another sampler, and for external models. */
  model: AnsweringModel.nullable(),
  basis: z.enum(['first tokens', 'full answers', 'task', 'evaluation']),
  /** Models that run for each token; null where it is unknown. */
  modelsPerToken: z.number().int().nullable(),
  /** True if full answers fail the check; false if they pass or were not checked. */
  failsCheck: z.boolean()
})
export type BetterModel = z.infer<typeof BetterModel>

/** One thing that speaks against the selected range, in a short line. */
export const VerdictCaveat = z.object({
  state: VerdictState,
  text: z.string(),
  action: VerdictStep,
  better: BetterModel.nullable()
})
export type VerdictCaveat = z.infer<typeof VerdictCaveat>

/** Everything known about a sweep's selected range, as one headline, caveats and a next step. */
export const Verdict = z.object({
  state: VerdictState,
  /** For a chip. */
  label: z.string(),
  range: RestorationRange.nullable(),
  /** At most 20 words and three figures. "Restore" only where nothing known speaks against it. */
  headline: z.string(),
  figures: z.array(VerdictFigure).max(3),
  better: BetterModel.nullable(),
  /** Worst first, without the one that the headline says. */
  caveats: z.array(VerdictCaveat),
  /** Null where nothing follows, as where another sampler is asked about. */
  next: VerdictStep.nullable(),
  /** The evaluation behind it; null for none. */
  evaluationId: z.string().nullable()
})
export type Verdict = z.infer<typeof Verdict>

/** The newest complete evaluation of a model, compared with post. */
export const EvaluationFinding = z.object({
  evaluationId: z.string(),
  task: z.string(),
  /** How its diversity compares with that of post. */
  diversity: z.enum(['better', 'worse', 'unsure', 'unknown']),
  /** Null where no loss of quality is sure. */
  loss: z
    .object({
      measure: MeasureId,
      /** The model minus post. */
      mean: z.number(),
      /** Mean of post; null if it is unknown. */
      postMean: z.number().nullable()
    })
    .nullable(),
  /** The most diverse variant of the same evaluation that surely does better; null where none does. */
  better: BetterModel.extend({
    /** In diversity and in quality. */
    inBoth: z.boolean()
  }).nullable()
})
export type EvaluationFinding = z.infer<typeof EvaluationFinding>
