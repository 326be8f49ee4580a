import { z } from 'zod'
import type { PreferenceMark } from '../../../contract/documents/preferences'

const Version1 = z.looseObject({
  variants: z.array(z.looseObject({ name: z.string() })),
  marks: z.array(z.object({ prompt: z.number(), index: z.number(), variant: z.string() }))
})

/** Migrates version 1, which compared one answer of all variants at once, without ties and skipped comparisons. */
export function namedComparisons(run: Record<string, unknown>): Record<string, unknown> {
  const { success, data } = Version1.safeParse(run)
  // The schema reports errors of the document.
  if (!success) return run
  const among = data.variants.map(({ name }) => name)
  const marks = data.marks.map((mark): PreferenceMark => ({ ...mark, size: 1, among, verdict: 'preferred' }))
  return { ...run, marks }
}
