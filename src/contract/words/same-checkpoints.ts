import type { SweepOutline } from '../documents/pairs-overview'
import { multimap } from '../model/multimap'

/** A pair with the outline of its sweep, which is null without a sweep. */
interface PairOfCheckpoints {
  readonly name: string
  readonly outline: Pick<SweepOutline, 'checkpoints' | 'scoredBy' | 'isChecked'> | null
}

/** Lists pairs with the same checkpoints, a sentence each. */
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
      const have = checked.length === 1 ? 'has' : 'have'
      return `${same}. Only ${listed(checked)} ${have} a full-answer check: check ${listed(others)} before you compare.`
    })
}

const listed = (pairs: readonly { name: string }[]): string =>
  pairs
    .map(({ name }) => name)
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1')
