import type { SweepOutline } from '../documents/pairs-overview'
import { multimap } from '../model/multimap'

/** A pair, and what of its sweep it is told by; null where it has none. */
export interface PairOfCheckpoints {
  readonly name: string
  readonly outline: Pick<SweepOutline, 'checkpoints' | 'scoredBy' | 'isChecked'> | null
}

/**
 * Which pairs are of the same checkpoints, and which of those were checked on whole answers and which not: they may select other ranges
 * for that alone. A sentence each.
 */
export function sameCheckpointsWords(pairs: readonly PairOfCheckpoints[]): string[] {
  const groups = multimap(
    pairs.flatMap(({ name, outline }) => {
      if (outline === null) return []
      const { checkpoints, scoredBy, isChecked } = outline
      return [
        [`${checkpoints.base} ${checkpoints.post}`, { name, needsCheck: scoredBy.kind === 'crc', isChecked }]
      ] as const
    })
  )
  return [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) => {
      const same = `${listed(group)} have the same checkpoints`
      const checked = group.filter(({ isChecked }) => isChecked)
      const others = group.filter(({ needsCheck, isChecked }) => needsCheck && !isChecked)
      if (checked.length === 0 || others.length === 0) return `${same}.`
      return (
        `${same}, but ${listed(checked)} ${isOrAre(checked)} checked on whole answers and ${listed(others)} ${isOrAre(others)} not: ` +
        `check ${others.length === 1 ? 'that' : 'those'} too before you compare what is selected.`
      )
    })
}

const listed = (pairs: readonly { name: string }[]): string =>
  pairs
    .map(({ name }) => name)
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1')

const isOrAre = ({ length }: readonly unknown[]): string => (length === 1 ? 'is' : 'are')
