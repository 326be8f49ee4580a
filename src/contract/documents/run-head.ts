import { z } from 'zod'
import { PairReferences } from '../model/checkpoint'
import { Rendering } from './crc'
import { PairFingerprints } from './pair'
import { RunComputation } from './run-computation'

export const RunHead = z.object({
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  createdAt: z.iso.datetime(),
  /** Version of the program that started the run. Empty in runs older than this field. */
  programVersion: z.string().max(100).default(''),
  ...PairReferences.shape,
  rendering: Rendering
})
export type RunHead = z.infer<typeof RunHead>

export const RunInList = z.object({
  id: z.string(),
  checkpoints: PairFingerprints,
  createdAt: z.iso.datetime(),
  variantNames: z.array(z.string()),
  computed: RunComputation
})
