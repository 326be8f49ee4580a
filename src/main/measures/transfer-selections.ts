import type { NotCarried, PairOutline, Transfer } from '../../contract/documents/pairs-overview'
import type { PairId } from '../../contract/documents/project'
import { carriedSelection, type SelectionSide } from './carried-selection'

/** A pair of models in the overview, with its sweep. */
export interface TransferPair {
  readonly id: PairId
  readonly state: PairOutline['sweep']['state']
  /** The sweep's selected range and scores; null if the pair has no sweep or the sweep is not read yet. */
  readonly side: SelectionSide | null
}

/** Carries the selected range of every pair over to every pair, also to itself. */
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
