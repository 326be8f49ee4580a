import { z } from 'zod'
import { countedScores } from './counted-scores'
import {
  UniformBlendScore,
  CheckpointScore,
  RangeScore,
  RecipeScore,
  BaselineScore,
  Score,
  SweepDocument,
  SweepPreview
} from './crc'
import { halfWidths } from './score-interval'

/** Half the widths of the 95 % intervals of a score. Null if there are too few prompts. */
const Margins = z.object({ validity: z.number().nullable(), diversity: z.number().nullable() })

/** Removes a model's scores of each prompt, which are loaded for one model at a time. */
const brief = { prompts: true } as const
const withMargins = { margins: Margins.optional() }
export const BriefScore = Score.omit(brief).extend(withMargins)
export type BriefScore = z.infer<typeof BriefScore>

/** A preview without scores of each prompt. Margins belong to the estimates. */
export const BriefPreview = SweepPreview.extend({
  ranges: z.array(SweepPreview.shape.ranges.element.omit(brief)),
  uniformBlends: z.array(SweepPreview.shape.uniformBlends.element.omit(brief))
})
export type BriefPreview = z.infer<typeof BriefPreview>

export function briefPreview(preview: SweepPreview): BriefPreview {
  return BriefPreview.parse(preview)
}

const fields = {
  preview: BriefPreview.nullable(),
  ranges: z.array(RangeScore.omit(brief).extend(withMargins)),
  recipes: z.array(RecipeScore.omit(brief).extend(withMargins)),
  checkpoints: z.array(CheckpointScore.omit(brief).extend(withMargins)),
  uniformBlends: z.array(UniformBlendScore.omit(brief).extend(withMargins)),
  baselines: z.array(BaselineScore.omit(brief).extend(withMargins))
}

/** A sweep for the window. Base and post are complete. All other models have only means and margins. */
export const ShownSweep = SweepDocument.extend(fields)
export type ShownSweep = z.infer<typeof ShownSweep>

/** A sweep as in sweeps/<id>.json. Scores of other models than base and post lie in a file beside it. */
export const StoredSweep = z.object({
  /** The scores file and its hash. This field is first, so that the form of a sweep can be read from its beginning. */
  scores: z.object({ file: z.enum(['a', 'b']), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ...ShownSweep.shape
})
export type StoredSweep = z.infer<typeof StoredSweep>

/** Returns the sweep for the window, about a fiftieth of the document's size. It yields after each model. */
export function* shownSweepInSteps(sweep: SweepDocument): Generator<void, ShownSweep> {
  const margin = halfWidths(sweep.prompts.map(({ category }) => category))
  const withoutPrompts = <Scored extends Score>({ prompts, ...score }: Scored) => {
    const counted = countedScores(sweep.prompts, prompts)
    return {
      ...score,
      margins: {
        validity: margin((prompt) => counted[prompt]?.validity),
        diversity: margin((prompt) => counted[prompt]?.diversity)
      }
    }
  }
  function* brief<Scored extends Score>(scores: readonly Scored[]) {
    const briefScores: ReturnType<typeof withoutPrompts<Scored>>[] = []
    for (const score of scores) {
      briefScores.push(withoutPrompts(score))
      yield
    }
    return briefScores
  }
  return {
    ...sweep,
    preview: sweep.preview === null ? null : briefPreview(sweep.preview),
    ranges: yield* brief(sweep.ranges),
    recipes: yield* brief(sweep.recipes),
    checkpoints: yield* brief(sweep.checkpoints),
    uniformBlends: yield* brief(sweep.uniformBlends),
    baselines: yield* brief(sweep.baselines)
  }
}

export function shownSweep(sweep: SweepDocument): ShownSweep {
  const steps = shownSweepInSteps(sweep)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
