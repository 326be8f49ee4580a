import { z } from 'zod'

export const CheckpointReference = z.object({ path: z.string(), fingerprint: z.string() })
export type CheckpointReference = z.infer<typeof CheckpointReference>

export const PairReferences = z.object({ basePath: CheckpointReference, postPath: CheckpointReference })
export type PairReferences = z.infer<typeof PairReferences>

/** An additional checkpoint with the pair's architecture. It is computed as a complete model, like base. */
export const OtherCheckpoint = CheckpointReference.extend({ name: z.string().min(1).max(200) })
export type OtherCheckpoint = z.infer<typeof OtherCheckpoint>

/** Source that layers are restored to: another checkpoint, or base if it is null. */
export const RestoredTo = OtherCheckpoint.nullable()
export type RestoredTo = z.infer<typeof RestoredTo>
