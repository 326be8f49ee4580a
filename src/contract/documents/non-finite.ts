import { z } from 'zod'
import { BytesProgress } from './distances'
import { UNFINISHED } from './job-ending'

/** A stored tensor that holds values which no model can be computed from: NaN or infinity. */
export const NonFiniteTensor = z.object({
  /** The file that stores it. */
  file: z.string(),
  /** Its name there. */
  tensor: z.string(),
  nan: z.number().int().nonnegative(),
  infinite: z.number().int().nonnegative(),
  /** The first of these values, in the order of storage, and its place: one index for each dimension. */
  first: z.enum(['NaN', 'Infinity', '-Infinity']),
  at: z.array(z.number().int().nonnegative())
})
export type NonFiniteTensor = z.infer<typeof NonFiniteTensor>

/** What is not finite in the checkpoints of a pair, in the order of their files. */
export const PairValues = z.object({
  base: z.array(NonFiniteTensor),
  post: z.array(NonFiniteTensor),
  bytesRead: z.number().int().nonnegative()
})
export type PairValues = z.infer<typeof PairValues>

/** What a watcher of the check of all values sees; the last event is one of the last three. */
export const ValuesEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: BytesProgress }),
  z.object({ type: z.literal('finished'), values: PairValues }),
  ...UNFINISHED
])
export type ValuesEvent = z.infer<typeof ValuesEvent>

/** `tensor "a.b" holds 2 values that are not finite: NaN at [0, 17] is the first`. */
export function describeNonFinite({ tensor, nan, infinite, first, at }: NonFiniteTensor): string {
  const place = `[${at.join(', ')}]`
  const count = nan + infinite
  return count === 1
    ? `tensor "${tensor}" holds ${first} at ${place}`
    : `tensor "${tensor}" holds ${count} values that are not finite, the first ${first} at ${place}`
}
