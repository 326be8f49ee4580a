import type { ScoreBoard } from './score-board'

/** The content of a chart in Ranges. */
export interface ShownBoard {
  board: ScoreBoard
  /** Scores of the previous sweep while another runs; null otherwise. */
  before: ScoreBoard | null
  /** Key of the selected range. */
  selected: string | null
  /** Name of the project, for saved files. */
  name: string
}
