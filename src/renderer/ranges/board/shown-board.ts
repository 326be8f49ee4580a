import type { ScoreBoard } from './score-board'

/** What a chart of Ranges is of. */
export interface ShownBoard {
  board: ScoreBoard
  /** Of the sweep before the one that runs. */
  before: ScoreBoard | null
  /** Key of the selected range. */
  selected: string | null
  /** Of the project, for the files that are saved. */
  name: string
}
