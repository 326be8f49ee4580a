import type { ScoreBoard } from './score-board'

export interface ShownBoard {
  board: ScoreBoard
  /** Scores of the previous sweep while another runs; null otherwise. */
  before: ScoreBoard | null
  /** Key of the selected range; null if none is selected. */
  selected: string | null
}
