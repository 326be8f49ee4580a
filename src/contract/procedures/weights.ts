import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { ChecksumsDocument } from '../documents/checksums'
import { DistancesDocument } from '../documents/distances'
import { PairValues } from '../documents/non-finite'
import { Problem } from '../model/problem'

/**
 * Procedures that the main process calls in the process that reads complete checkpoints. They keep the main process
 * responsive.
 */

const procedure = oc.errors({ WORKBENCH: { data: Problem } })

const progress = z.object({ type: z.literal('progress'), bytesDone: z.number(), bytesTotal: z.number() })

export const weightsContract = {
  /** Computes the distances between post and base for each part. */
  distances: procedure
    .input(z.object({ base: z.string(), post: z.string() }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progress,
          z.object({ type: z.literal('done'), result: DistancesDocument })
        ])
      )
    ),
  /** Computes SHA-256 of all weight files of a pair, base's first. */
  checksums: procedure
    .input(z.object({ base: z.string(), post: z.string() }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progress,
          z.object({ type: z.literal('done'), result: z.array(ChecksumsDocument) })
        ])
      )
    ),
  /** Finds the tensors of a pair that contain NaN or infinity. */
  values: procedure
    .input(z.object({ base: z.string(), post: z.string() }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [progress, z.object({ type: z.literal('done'), result: PairValues })])
      )
    )
}
export type WeightsContract = typeof weightsContract
