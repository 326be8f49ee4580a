import { z } from 'zod'
import { BytesProgress } from './distances'
import { UNFINISHED } from './job-ending'

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

export const ChecksumsEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: BytesProgress }),
  z.object({ type: z.literal('finished') }),
  ...UNFINISHED
])
export type ChecksumsEvent = z.infer<typeof ChecksumsEvent>
