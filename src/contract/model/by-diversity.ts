/** Scores closer than this are equal: the order of float32 sums changes them by this much. */
const SCORE_NOISE = 1e-6

type Scored<T> = (candidate: T) => { validity: number; diversity: number }

/** Returns the most valid candidates among those whose diversity equals the maximum, except for noise. */
export const mostDiverse = <T>(candidates: readonly T[], scoreOf: Scored<T>): T[] =>
  leaders(
    leaders(candidates, (candidate) => scoreOf(candidate).diversity),
    (candidate) => scoreOf(candidate).validity
  )

/** Returns the candidates within noise of the greatest value. */
export function leaders<T>(candidates: readonly T[], value: (candidate: T) => number): T[] {
  const threshold = candidates.reduce((max, candidate) => Math.max(max, value(candidate)), -Infinity) - SCORE_NOISE
  return candidates.filter((candidate) => value(candidate) >= threshold)
}

/** Returns all candidates in groups of equals, the best by diversity first, see {@link mostDiverse}. */
export const byDiversity = <T>(candidates: readonly T[], scoreOf: Scored<T>): T[][] =>
  groups(candidates, (candidate) => scoreOf(candidate).diversity).flatMap((equal) =>
    groups(equal, (candidate) => scoreOf(candidate).validity)
  )

/** Groups candidates whose values differ only by noise, the greatest value first. */
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
