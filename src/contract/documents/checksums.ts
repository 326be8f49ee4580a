import { z } from 'zod'
import { BytesProgress } from './distances'
import { jobEvent } from './job-ending'

export const CHECKSUMS_VERSION = 1

/** Checksums of a checkpoint's weight files. */
export const ChecksumsDocument = z.object({
  schemaVersion: z.literal(CHECKSUMS_VERSION),
  createdAt: z.iso.datetime(),
  path: z.string(),
  fingerprint: z.string(),
  files: z.array(
    z.object({
      name: z.string(),
      bytes: z.number().int().nonnegative(),
      modifiedMs: z.number(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/)
    })
  )
})
export type ChecksumsDocument = z.infer<typeof ChecksumsDocument>

export const ChecksumsEvent = jobEvent({ progress: BytesProgress }, {})
export type ChecksumsEvent = z.infer<typeof ChecksumsEvent>
