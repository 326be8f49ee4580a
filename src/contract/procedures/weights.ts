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

const BytesRead = z.object({ type: z.literal('progress'), bytesDone: z.number(), bytesTotal: z.number() })
export type BytesRead = z.infer<typeof BytesRead>

const reading = <Result extends z.ZodType>(result: Result) =>
  eventIterator(z.discriminatedUnion('type', [BytesRead, z.object({ type: z.literal('done'), result })]))

const Pair = z.object({ base: z.string(), post: z.string() })

/** A restoration to write as low-rank adapters of post. */
export const LowRankRequest = z.object({
  base: z.string(),
  post: z.string(),
  strengths: z.array(LayerStrength),
  savesNormsAndBiases: LowRankAdapter.shape.savesNormsAndBiases,
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
  distances: procedure.input(Pair).output(reading(DistancesDocument)),
  checksums: procedure.input(Pair).output(reading(z.array(ChecksumsDocument))),
  lowRank: procedure.input(LowRankRequest).output(reading(LowRankResult)),
  values: procedure.input(Pair).output(reading(PairValues))
}
export type WeightsContract = typeof weightsContract
