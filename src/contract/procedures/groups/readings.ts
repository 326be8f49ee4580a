import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { ChecksumsDocument, ChecksumsEvent } from '../../documents/checksums'
import { DistancesDocument, DistancesEvent } from '../../documents/distances'
import { ValuesEvent } from '../../documents/non-finite'
import { ofPair, procedure } from './procedure'

export const distanceProcedures = {
  /**
   * Starts comparing the project's base with its post; refused while that goes on. Distances of these very checkpoints
   * that the project has already are not computed again.
   */
  start: procedure.input(ofPair).output(z.void()),
  /** Follows the comparison; ends at once when none runs. Aborting stops the watching, not the comparison. */
  watch: procedure.input(ofPair).output(eventIterator(DistancesEvent)),
  cancel: procedure.input(ofPair).output(z.void()),
  /** The distances of the pair as it is now, or else the newest the project has, and which member has changed since. */
  get: procedure.input(ofPair).output(
    z.object({
      distances: DistancesDocument.nullable(),
      changed: z.array(z.enum(['base', 'post']))
    })
  )
}

export const checksumProcedures = {
  /** Starts hashing all weight files of the pair; refused while that goes on. */
  start: procedure.input(ofPair).output(z.void()),
  watch: procedure.input(ofPair).output(eventIterator(ChecksumsEvent)),
  cancel: procedure.input(ofPair).output(z.void()),
  /** What was hashed of the checkpoints as they are now. */
  get: procedure
    .input(ofPair)
    .output(z.object({ base: ChecksumsDocument.nullable(), post: ChecksumsDocument.nullable() }))
}

export const valueProcedures = {
  /** Starts looking for NaN and infinity in the weights of the pair; refused while that goes on. */
  start: procedure.input(ofPair).output(z.void()),
  watch: procedure.input(ofPair).output(eventIterator(ValuesEvent)),
  cancel: procedure.input(ofPair).output(z.void())
}
