import { z } from 'zod'

export const HeadlineState = z.enum([
  /** The range passes the full-answer check, and most resamples select it. */
  'holds',
  /** The state would be `holds`, but a model that restores no range does better at the validity kept. */
  'outdone',
  /** Most resamples select the range, but only first tokens were scored. */
  'unchecked',
  /** Full answers of the range fall below the limit, or are no more diverse than post's. */
  'fails',
  /** The range shares the wins with its neighbours. */
  'family',
  /** The range seldom wins, and neither do its neighbours. */
  'unstable',
  /** The range restores all layers, or its gain may be zero. */
  'not-worth-it',
  /** A preview selects the range, but another range is at least as likely. */
  'guess',
  /** No range qualifies. */
  'none',
  /** Post itself often fails the prompts. */
  'unfit-prompts'
])
export type HeadlineState = z.infer<typeof HeadlineState>

export const Headline = z.object({
  state: HeadlineState,
  /** Beginning of the sentence, such as "Restore layers 4–11". */
  verdict: z.string(),
  /** Numbers that follow the verdict in the sentence. */
  figures: z.string(),
  /** End of the sentence: a model that does better, or may do better. Null if there is none. */
  but: z.string().nullable().default(null),
  /** Recommended next step. */
  next: z.string(),
  /** True if the next step is a full-answer check. */
  checkNext: z.boolean()
})
export type Headline = z.infer<typeof Headline>
