import { z } from 'zod'

export const FolderEntry = z.object({
  name: z.string(),
  path: z.string(),
  /** Kind of the folder, so that pickers can show it and decide whether it may be selected. */
  kind: z.enum(['folder', 'model', 'project'])
})
export type FolderEntry = z.infer<typeof FolderEntry>

export const FolderListing = z.object({
  path: z.string(),
  parent: z.string().nullable(),
  kind: z.enum(['folder', 'model', 'project']),
  entries: z.array(FolderEntry),
  /** True if the folder contains more entries than are listed. */
  truncated: z.boolean(),
  shortcuts: z.array(z.object({ label: z.string(), path: z.string() }))
})
export type FolderListing = z.infer<typeof FolderListing>
