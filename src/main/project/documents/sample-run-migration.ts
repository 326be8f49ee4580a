import { z } from 'zod'
import type { PreferenceMark } from '../../../contract/documents/preferences'

const Version1 = z.looseObject({
  variants: z.array(z.looseObject({ name: z.string() })),
  marks: z.array(z.object({ prompt: z.number(), index: z.number(), variant: z.string() }))
})

/** Version 1 compared one answer of each variant, all variants at once, and knew neither ties nor skipped comparisons. */
export function namedComparisons(run: Record<string, unknown>): Record<string, unknown> {
  const { success, data } = Version1.safeParse(run)
  // What is no run of version 1 is refused by the schema, which names the field.
  if (!success) return run
  const among = data.variants.map(({ name }) => name)
  const marks = data.marks.map((mark): PreferenceMark => ({ ...mark, size: 1, among, verdict: 'preferred' }))
  return { ...run, marks }
}
