/**
 * Scores closer than this are equal. The order of float32 sums changes them by this much, without a change in the
 * model.
 */
const SCORE_NOISE = 1e-6

/** Returns the score of a candidate. */
type Scored<T> = (one: T) => { validity: number; diversity: number }

/**
 * Returns the best candidates by diversity. It takes those within noise of the maximum diversity, and of these the
 * ones within noise of the maximum validity. Distances are measured from the maximum, so the order of the candidates
 * cannot change the outcome. Candidates that are equal in both scores are all returned. No candidates give an empty
 * list.
 */
export const mostDiverse = <T>(candidates: readonly T[], scoreOf: Scored<T>): T[] =>
  leaders(
    leaders(candidates, (one) => scoreOf(one).diversity),
    (one) => scoreOf(one).validity
  )

function leaders<T>(candidates: readonly T[], value: (one: T) => number): T[] {
  const least = candidates.reduce((most, one) => Math.max(most, value(one)), -Infinity) - SCORE_NOISE
  return candidates.filter((one) => value(one) >= least)
}

/**
 * Returns all candidates in groups, the best by diversity first. Candidates of a group are equal in both scores. Each
 * group is the result of {@link mostDiverse} after the earlier groups are removed.
 */
export const byDiversity = <T>(candidates: readonly T[], scoreOf: Scored<T>): T[][] =>
  groups(candidates, (one) => scoreOf(one).diversity).flatMap((equal) =>
    groups(equal, (one) => scoreOf(one).validity)
  )

/** Groups candidates by value, the greatest first. A group contains the candidates within noise of its first. */
function groups<T>(candidates: readonly T[], value: (one: T) => number): T[][] {
  const found: T[][] = []
  let group: T[] = []
  let greatest = Infinity
  for (const one of candidates.toSorted((a, b) => value(b) - value(a))) {
    if (value(one) < greatest - SCORE_NOISE) {
      greatest = value(one)
      found.push((group = []))
    }
    group.push(one)
  }
  return found
}
