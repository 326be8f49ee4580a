import { z } from 'zod'

export const FolderEntry = z.object({
  name: z.string(),
  path: z.string(),
  /** What the folder is, so that pickers can show and allow it. */
  kind: z.enum(['folder', 'model', 'project'])
})
export type FolderEntry = z.infer<typeof FolderEntry>

export const FolderListing = z.object({
  path: z.string(),
  /** Null at the file system's root. */
  parent: z.string().nullable(),
  kind: z.enum(['folder', 'model', 'project']),
  entries: z.array(FolderEntry),
  /** True when the folder holds more than is listed. */
  truncated: z.boolean(),
  shortcuts: z.array(z.object({ label: z.string(), path: z.string() }))
})
export type FolderListing = z.infer<typeof FolderListing>
