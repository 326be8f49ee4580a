import { z } from 'zod'
import { PairReferences } from '../model/checkpoint'
import { Rendering } from './crc'
import { PairFingerprints } from './pair'
import { RunComputation } from './run-computation'

/** What a run of answers says first: which it is, and of which pair. */
export const RunHead = z.object({
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  createdAt: z.iso.datetime(),
  /** Which program began it; empty in runs of before it was noted. */
  programVersion: z.string().max(100).default(''),
  ...PairReferences.shape,
  rendering: Rendering
})
export type RunHead = z.infer<typeof RunHead>

/** What lists say of any run of answers. */
export const RunInList = z.object({
  id: z.string(),
  checkpoints: PairFingerprints,
  createdAt: z.iso.datetime(),
  variantNames: z.array(z.string()),
  computed: RunComputation
})
