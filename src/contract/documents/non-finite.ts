import { z } from 'zod'
import { BytesProgress } from './distances'
import { jobEvent } from './job-ending'

/** A tensor of a checkpoint with values that are NaN or infinite, and their numbers. */
export const NonFiniteTensor = z.object({
  file: z.string(),
  tensor: z.string(),
  nan: z.number().int().nonnegative(),
  infinite: z.number().int().nonnegative(),
  /** First of these values in storage order, and its index in each dimension (`at`). */
  first: z.enum(['NaN', 'Infinity', '-Infinity']),
  at: z.array(z.number().int().nonnegative())
})
export type NonFiniteTensor = z.infer<typeof NonFiniteTensor>

export const PairValues = z.object({
  base: z.array(NonFiniteTensor),
  post: z.array(NonFiniteTensor),
  bytesRead: z.number().int().nonnegative()
})
export type PairValues = z.infer<typeof PairValues>

export const ValuesEvent = jobEvent({ progress: BytesProgress }, { values: PairValues })
export type ValuesEvent = z.infer<typeof ValuesEvent>

/** Describes a tensor, as in `tensor "a.b" holds 2 values that are not finite, the first NaN at [0, 17]`. */
export function describeNonFinite({ tensor, nan, infinite, first, at }: NonFiniteTensor): string {
  const position = `[${at.join(', ')}]`
  const count = nan + infinite
  return count === 1
    ? `tensor "${tensor}" holds ${first} at ${position}`
    : `tensor "${tensor}" holds ${count} values that are not finite, the first ${first} at ${position}`
}
