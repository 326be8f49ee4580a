/** A cell of a grid, counted from 0. */
export interface Cell {
  readonly row: number
  readonly column: number
}
