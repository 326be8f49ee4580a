import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { ChecksumsDocument } from '../documents/checksums'
import { DistancesDocument } from '../documents/distances'
import { PairValues } from '../documents/non-finite'
import { Problem } from '../model/problem'
import { LayerStrength } from '../model/recipe'
import { LowRankAdapter } from './export'

/** Procedures of the process that reads complete checkpoints, which keeps main responsive. */

const procedure = oc.errors({ WORKBENCH: { data: Problem } })

const progress = z.object({ type: z.literal('progress'), bytesDone: z.number(), bytesTotal: z.number() })

/** A restoration to write as low-rank adapters of post. */
export const LowRankRequest = z.object({
  base: z.string(),
  post: z.string(),
  strengths: z.array(LayerStrength),
  savesNorms: LowRankAdapter.shape.savesNorms,
  files: z.array(z.object({ rank: LowRankAdapter.shape.rank, path: z.string() })).min(1)
})
export type LowRankRequest = z.infer<typeof LowRankRequest>

export const LowRankResult = z.object({
  files: z.array(
    z.object({
      rank: z.number(),
      path: z.string(),
      bytes: z.number(),
      sha256: z.string(),
      /** Frobenius norm of the adapter's change as a share of the norm of the complete change. */
      normShare: z.number()
    })
  )
})
export type LowRankResult = z.infer<typeof LowRankResult>

export const weightsContract = {
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
  lowRank: procedure
    .input(LowRankRequest)
    .output(
      eventIterator(
        z.discriminatedUnion('type', [progress, z.object({ type: z.literal('done'), result: LowRankResult })])
      )
    ),
  values: procedure
    .input(z.object({ base: z.string(), post: z.string() }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [progress, z.object({ type: z.literal('done'), result: PairValues })])
      )
    )
}
export type WeightsContract = typeof weightsContract
