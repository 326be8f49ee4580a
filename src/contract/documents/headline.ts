import { z } from 'zod'

export const HeadlineState = z.enum([
  /** Passes the check on whole answers, and most resamples pick it. */
  'holds',
  /** It would hold, and something that restores no range does better at the validity kept. */
  'outdone',
  /** Most resamples pick it, on first tokens alone. */
  'unchecked',
  /** Its whole answers fall below the limit, or are no more diverse than post's. */
  'fails',
  /** It shares the wins with its neighbours. */
  'family',
  /** It wins seldom, and so do its neighbours. */
  'unstable',
  /** It restores all layers, or its gain may be none. */
  'not-worth-it',
  /** A preview selects it, and another is as likely or likelier. */
  'guess',
  /** No range qualifies. */
  'none',
  /** Post itself often fails them. */
  'unfit-prompts'
])
export type HeadlineState = z.infer<typeof HeadlineState>

export const Headline = z.object({
  state: HeadlineState,
  /** The beginning of the sentence, such as "Restore layers 4–11". */
  verdict: z.string(),
  /** The rest of it, in numbers. */
  figures: z.string(),
  /** What does better, or may, where something does; the sentence ends with it. */
  but: z.string().nullable().default(null),
  /** What to do about it. */
  next: z.string(),
  /** Whether the next step is a check on whole answers. */
  checkNext: z.boolean()
})
export type Headline = z.infer<typeof Headline>
