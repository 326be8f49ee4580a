import { z } from 'zod'
import { BytesProgress } from './distances'
import { UNFINISHED } from './job-ending'

/** A stored tensor that contains NaN or infinity. A model with such a tensor gives no usable results. */
export const NonFiniteTensor = z.object({
  /** File that stores the tensor. */
  file: z.string(),
  /** Name of the tensor in the file. */
  tensor: z.string(),
  /** Number of NaN values. */
  nan: z.number().int().nonnegative(),
  /** Number of values that are infinite. */
  infinite: z.number().int().nonnegative(),
  /** First of these values in storage order. */
  first: z.enum(['NaN', 'Infinity', '-Infinity']),
  /** Position of that first value, with one index for each dimension. */
  at: z.array(z.number().int().nonnegative())
})
export type NonFiniteTensor = z.infer<typeof NonFiniteTensor>

/** Result of searching a pair for NaN and infinity: the tensors that contain them, in the order of their files. */
export const PairValues = z.object({
  base: z.array(NonFiniteTensor),
  post: z.array(NonFiniteTensor),
  bytesRead: z.number().int().nonnegative()
})
export type PairValues = z.infer<typeof PairValues>

/** Events of a running search for NaN and infinity. `finished`, `failed` or `cancelled` is the last event. */
export const ValuesEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: BytesProgress }),
  z.object({ type: z.literal('finished'), values: PairValues }),
  ...UNFINISHED
])
export type ValuesEvent = z.infer<typeof ValuesEvent>

/** Describes a tensor, as in `tensor "a.b" holds 2 values that are not finite, the first NaN at [0, 17]`. */
export function describeNonFinite({ tensor, nan, infinite, first, at }: NonFiniteTensor): string {
  const position = `[${at.join(', ')}]`
  const count = nan + infinite
  return count === 1
    ? `tensor "${tensor}" holds ${first} at ${position}`
    : `tensor "${tensor}" holds ${count} values that are not finite, the first ${first} at ${position}`
}
