import { z } from 'zod'

/** Which checkpoint a result came from: enough to notice that it changed. */
export const CheckpointReference = z.object({ path: z.string(), fingerprint: z.string() })
export type CheckpointReference = z.infer<typeof CheckpointReference>

/** The pair that a result came from. */
export const PairReferences = z.object({ basePath: CheckpointReference, postPath: CheckpointReference })
export type PairReferences = z.infer<typeof PairReferences>

/** A checkpoint beside a pair, of the pair's architecture: computed whole, as base is. */
export const OtherCheckpoint = CheckpointReference.extend({ name: z.string().min(1).max(200) })
export type OtherCheckpoint = z.infer<typeof OtherCheckpoint>

/** What layers are restored to: base, where it is null, or another checkpoint. */
export const RestoredTo = OtherCheckpoint.nullable()
export type RestoredTo = z.infer<typeof RestoredTo>
