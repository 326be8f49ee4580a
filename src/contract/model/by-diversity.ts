/** Scores closer than this are one: the order of float32 sums moves them by as much, the model does not. */
const SCORE_NOISE = 1e-6

/** What is ranked, and where its score is looked up. */
type Scored<T> = (one: T) => { validity: number; diversity: number }

/**
 * The best by diversity: of those within noise of the greatest diversity, those within noise of the greatest validity. Measured from the
 * greatest, so that the order of the candidates cannot change the outcome. Several are left where they are equal in both; none of none.
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

/** All of them, the best by diversity first: each group is equal in both, and is what {@link mostDiverse} finds when those before it are taken out. */
export const byDiversity = <T>(candidates: readonly T[], scoreOf: Scored<T>): T[][] =>
  groups(candidates, (one) => scoreOf(one).diversity).flatMap((equal) =>
    groups(equal, (one) => scoreOf(one).validity)
  )

/** Greatest first; those within noise of the first of a group are of it. */
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
