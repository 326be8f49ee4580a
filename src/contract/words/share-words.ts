import type { LayerShares, TaskShares } from '../documents/search'
import type { ScoredByBrief } from '../documents/scored-by'
import { formatCount } from './format'
import { distinctWords, scoreWords } from './score-words'

export const sharesBasisWords = ({ basis }: LayerShares): string =>
  basis.kind === 'subsets'
    ? `over all ${formatCount(basis.models)} subsets`
    : `over ${formatCount(basis.orders)} random orders, with ${basis.confidence * 100} % intervals`

export const taskShareWords = (measure: TaskShares['measure'], scoredBy: ScoredByBrief): string =>
  measure === 'distinctRight' ? (distinctWords(scoredBy) ?? 'distinct right') : scoreWords(scoredBy).choices

/** Names of the columns: shares of each layer, and its effect on diversity if only it, or all others, are restored. */
export function layerShareColumns({ further }: Pick<LayerShares, 'further'>, scoredBy: ScoredByBrief): string[] {
  const { diversity, validity } = scoreWords(scoredBy)
  const taskShares = further.map(({ measure }) => taskShareWords(measure, scoredBy))
  return [diversity, validity, ...taskShares, `${diversity} alone`, 'left out']
}
