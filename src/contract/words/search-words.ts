import { checkOf, type CheckResult, passesCheck } from '../documents/answer-check'
import { formatScore, rangePhrase } from './format'
import { failureWords } from './headline'
import { scoreWords } from './score-words'
import type { Recipe, RestorationRange } from '../model/recipe'
import { rangeModel } from '../model/model'
import type { SearchDocument } from '../documents/search'

/** What a search came to. */
export interface SearchFinding {
  /** A sentence or two that claim no more than was measured: whole answers outrank first tokens, as for a sweep. */
  words: string
  /** Whether the next step is to check the best recipe on whole answers. */
  checkNext: boolean
}

/**
 * What a search came to, with what whole answers say of the best recipe.
 *
 * @param check of the sweep that it started from; null when nothing of that was checked
 * @param rho share of post's validity that whole answers must keep
 */
export function searchFinding(
  {
    verdict,
    found,
    range,
    scoredBy
  }: Pick<SearchDocument, 'verdict' | 'range' | 'scoredBy'> & { found: readonly { recipe: Recipe }[] },
  check: CheckResult | null,
  rho: number
): SearchFinding {
  const [best] = found
  const { more } = scoreWords(scoredBy)
  const against = comparedWith(range.range, check, rho)
  if (verdict === 'none' || best === undefined) {
    return { words: `No recipe that was tried is ${more} than ${against}.`, checkNext: false }
  }
  const { name } = best.recipe
  const claim =
    verdict === 'confirmed'
      ? `is ${more} than ${against}, and the gain holds on prompts that did not pick`
      : `is ${more} than ${against} on the prompts that picked it, but not surely on unseen ones`
  if (scoredBy.kind === 'task') return { words: `${name} ${claim}.`, checkNext: false }
  const checked = checkOf(check, { kind: 'recipe', recipe: best.recipe })
  if (check === null || checked === null) {
    return {
      words: `On first tokens alone, ${name} ${claim}. Not checked yet: a valid first token may begin an invalid answer.`,
      checkNext: true
    }
  }
  if (!passesCheck(checked, check, rho)) {
    const why = failureWords(checked, check, rho)
    return { words: `${name} fails the check: ${why}. On first tokens it ${claim}.`, checkNext: false }
  }
  const { answers } = checked
  return {
    words:
      `On first tokens, ${name} ${claim}. It passes the check: diversity ${formatScore(answers.diversity)} at validity ` +
      `${formatScore(answers.validity)} on whole answers (post ${formatScore(check.post.answers.diversity)} at ` +
      `${formatScore(check.post.answers.validity)}).`,
    checkNext: false
  }
}

/** What a search compared with. A check that came after it may have thrown that out. */
function comparedWith(range: RestorationRange | null, check: CheckResult | null, rho: number): string {
  if (range === null) return 'post'
  const checked = checkOf(check, rangeModel(range))
  const fails = check !== null && checked !== null && !passesCheck(checked, check, rho)
  return fails
    ? `${rangePhrase(range)} (which ${range.start === range.end ? 'fails' : 'fail'} the check)`
    : rangePhrase(range)
}
