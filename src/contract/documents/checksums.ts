import { z } from 'zod'
import { BytesProgress } from './distances'
import { UNFINISHED } from './job-ending'

export const CHECKSUMS_VERSION = 1

/** Full SHA-256 hashes of every weight file of a checkpoint. */
export const ChecksumsDocument = z.object({
  schemaVersion: z.literal(CHECKSUMS_VERSION),
  createdAt: z.iso.datetime(),
  /** Path of the checkpoint when it was hashed. */
  path: z.string(),
  fingerprint: z.string(),
  files: z.array(
    z.object({
      name: z.string(),
      bytes: z.number().int().nonnegative(),
      /** Modification time of the file when it was hashed, in milliseconds. */
      modifiedMs: z.number(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/)
    })
  )
})
export type ChecksumsDocument = z.infer<typeof ChecksumsDocument>

/** Events of a running hash job. `finished`, `failed` or `cancelled` is the last event. */
export const ChecksumsEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: BytesProgress }),
  z.object({ type: z.literal('finished') }),
  ...UNFINISHED
])
export type ChecksumsEvent = z.infer<typeof ChecksumsEvent>
