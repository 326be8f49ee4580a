/**
 * Scores closer than this are equal. The order of float32 sums changes them by this much, without a change in the
 * model.
 */
const SCORE_NOISE = 1e-6

/** Returns the score of a candidate. */
type Scored<T> = (candidate: T) => { validity: number; diversity: number }

/**
 * Returns the best candidates by diversity. It takes those within noise of the maximum diversity, and of these the
 * ones within noise of the maximum validity. Distances are measured from the maximum, so the order of the candidates
 * cannot change the outcome. Candidates that are equal in both scores are all returned. No candidates give an empty
 * list.
 */
export const mostDiverse = <T>(candidates: readonly T[], scoreOf: Scored<T>): T[] =>
  leaders(
    leaders(candidates, (candidate) => scoreOf(candidate).diversity),
    (candidate) => scoreOf(candidate).validity
  )

function leaders<T>(candidates: readonly T[], value: (candidate: T) => number): T[] {
  const threshold =
    candidates.reduce((max, candidate) => Math.max(max, value(candidate)), -Infinity) - SCORE_NOISE
  return candidates.filter((candidate) => value(candidate) >= threshold)
}

/**
 * Returns all candidates in groups, the best by diversity first. Candidates of a group are equal in both scores. Each
 * group is the result of {@link mostDiverse} after the earlier groups are removed.
 */
export const byDiversity = <T>(candidates: readonly T[], scoreOf: Scored<T>): T[][] =>
  groups(candidates, (candidate) => scoreOf(candidate).diversity).flatMap((equal) =>
    groups(equal, (candidate) => scoreOf(candidate).validity)
  )

/** Groups candidates by value, the greatest first. A group contains the candidates within noise of its first. */
function groups<T>(candidates: readonly T[], value: (candidate: T) => number): T[][] {
  const ranked: T[][] = []
  let group: T[] = []
  let greatest = Infinity
  for (const candidate of candidates.toSorted((a, b) => value(b) - value(a))) {
    if (value(candidate) < greatest - SCORE_NOISE) {
      greatest = value(candidate)
      ranked.push((group = []))
    }
    group.push(candidate)
  }
  return ranked
}
