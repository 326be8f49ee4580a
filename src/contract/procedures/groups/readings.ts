import { z } from 'zod'
import { ChecksumsDocument, ChecksumsEvent } from '../../documents/checksums'
import { DistancesDocument, DistancesEvent } from '../../documents/distances'
import { ValuesEvent } from '../../documents/non-finite'
import { jobProcedures, pairInput, procedure } from './procedure'

export const distanceProcedures = {
  /** Starts a comparison of base with post, unless the project has the distances of the same checkpoints. */
  start: procedure.input(pairInput).output(z.void()),
  ...jobProcedures(DistancesEvent),
  /** Returns the distances of the pair's checkpoints, or the newest, and the members that have changed since. */
  get: procedure
    .input(pairInput)
    .output(z.object({ distances: DistancesDocument.nullable(), changed: z.array(z.enum(['base', 'post'])) }))
}

export const checksumProcedures = {
  /** Starts hashing all weight files of the pair. It is rejected while one runs. */
  start: procedure.input(pairInput).output(z.void()),
  ...jobProcedures(ChecksumsEvent),
  /** Returns the checksums of the pair's current checkpoints. */
  get: procedure
    .input(pairInput)
    .output(z.object({ base: ChecksumsDocument.nullable(), post: ChecksumsDocument.nullable() }))
}

export const valueProcedures = {
  /** Starts a search for NaN and infinity in the weights of the pair. It is rejected while one runs. */
  start: procedure.input(pairInput).output(z.void()),
  ...jobProcedures(ValuesEvent)
}
