import { z } from 'zod'
import {
  BlendScore,
  CheckpointScore,
  RangeScore,
  RecipeScore,
  RivalScore,
  Score,
  SweepDocument,
  SweepPreview
} from './crc'
import { halfWidths } from './score-interval'

/** Half the widths of the 95 % intervals of a score; null where the prompts are too few to tell. */
const Margins = z.object({ validity: z.number().nullable(), diversity: z.number().nullable() })

/** What a sweep says of a model without what each prompt has of it: that is asked for one model at a time. */
const brief = { prompts: true } as const
const withMargins = { margins: Margins.optional() }
export const BriefScore = Score.omit(brief).extend(withMargins)
export type BriefScore = z.infer<typeof BriefScore>

/** A preview without what each of its prompts has; margins are of the estimates. */
export const BriefPreview = SweepPreview.extend({
  ranges: z.array(SweepPreview.shape.ranges.element.omit(brief)),
  soup: z.array(SweepPreview.shape.soup.element.omit(brief))
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
  soup: z.array(BlendScore.omit(brief).extend(withMargins)),
  rivals: z.array(RivalScore.omit(brief).extend(withMargins))
}

/** A sweep as the window shows it: base and post whole, of all other models the means and how sure they are. */
export const ShownSweep = SweepDocument.extend(fields)
export type ShownSweep = z.infer<typeof ShownSweep>

/** The sweep as it is sent to be shown: a fiftieth of the document. */
export function shownSweep(sweep: SweepDocument): ShownSweep {
  const margin = halfWidths(sweep.prompts.map(({ category }) => category))
  const shown = <Scored extends Score>({ prompts, ...score }: Scored) => ({
    ...score,
    margins: {
      validity: margin((prompt) => prompts[prompt]?.validity),
      diversity: margin((prompt) => prompts[prompt]?.diversity)
    }
  })
  return {
    ...sweep,
    preview: sweep.preview === null ? null : briefPreview(sweep.preview),
    ranges: sweep.ranges.map(shown),
    recipes: sweep.recipes.map(shown),
    checkpoints: sweep.checkpoints.map(shown),
    soup: sweep.soup.map(shown),
    rivals: sweep.rivals.map(shown)
  }
}
