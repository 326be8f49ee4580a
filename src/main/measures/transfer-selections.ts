import type { NotCarried, PairOutline, Transfer } from '../../contract/documents/pairs-overview'
import type { PairId } from '../../contract/documents/project'
import { carriedSelection, type SelectionSide } from './carried-selection'

export interface TransferPair {
  readonly id: PairId
  readonly state: PairOutline['sweep']['state']
  /** Null until it is read. */
  readonly side: SelectionSide | null
}

export const transferSelections = (pairs: readonly TransferPair[]): Transfer[] =>
  pairs.flatMap((from) => pairs.map((to): Transfer => ({ from: from.id, to: to.id, result: transferred(from, to) })))

function transferred(from: TransferPair, to: TransferPair): Transfer['result'] {
  const none = (why: NotCarried): Transfer['result'] => ({ kind: 'none', why })
  if (from.side === null) return none(from.state === 'reading' ? 'reading' : 'source not swept')
  if (to.side === null) return none(to.state === 'reading' ? 'reading' : 'target not swept')
  if (from.side.selected === null) return none('nothing selected')
  const carried = carriedSelection(from.side, to.side)
  return carried === null ? none('not scored') : { kind: 'carried', ...carried }
}
