import { rangePhrase } from './format'
import type { SearchDocument } from './search'

/** What a search came to, in one sentence that claims no more than it shows. */
export function searchVerdict({
  verdict,
  found,
  range
}: Pick<SearchDocument, 'verdict' | 'range'> & {
  found: readonly Pick<SearchDocument['found'][number], 'recipe'>[]
}): string {
  const best = found[0]?.recipe.name ?? 'Nothing'
  const against = range.range === null ? 'post' : rangePhrase(range.range)
  if (verdict === 'none') return `No recipe that was tried is more diverse than ${against}.`
  if (verdict === 'unproven') {
    return `${best} is more diverse than ${against} on the prompts that picked it, but not surely on unseen ones.`
  }
  return `${best} is more diverse than ${against}, and the gain holds on prompts that did not pick.`
}
