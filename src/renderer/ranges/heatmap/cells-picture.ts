import { elementAt } from '../../../contract/model/look-up'
import { cellCorner, FINE_CELL, type HeatmapGeometry } from '../../plots/heatmap-geometry'
import { changedIndices, type DrawnCells, type HeatmapCell, NO_CELLS } from './heatmap-cells'

export type CellsContext = Pick<
  CanvasRenderingContext2D,
  'fillStyle' | 'strokeStyle' | 'globalAlpha' | 'clearRect' | 'fillRect' | 'strokeRect' | 'setTransform'
> & { readonly canvas: { width: number; height: number } }

export interface CellsFrame {
  geometry: HeatmapGeometry
  /** Screen pixels per CSS pixel. */
  ratio: number
  /** Colours of a cell without a value, and of the lines between cells. */
  colors: { empty: string; surface: string }
}

/** Opacity of a score of the previous sweep. */
const OLD = 0.3

/**
 * Draws the cells of a triangle on a canvas. Of thousands of cells it redraws only the changed ones. A tree of
 * elements would be painted completely after each change.
 */
export class CellsPicture {
  private drawn = NO_CELLS
  private frame: CellsFrame | null = null

  draw(context: CellsContext, shown: DrawnCells, frame: CellsFrame): void {
    const { geometry, ratio } = frame
    const isFine = geometry.cell < FINE_CELL
    // Strokes of large cells overlap their neighbours, so the few large cells are all redrawn.
    if (!isFine || this.frame === null || !isSame(this.frame, frame)) {
      const side = Math.round(geometry.size * ratio)
      // Setting the size also clears the canvas.
      context.canvas.width = side
      context.canvas.height = side
      this.drawn = NO_CELLS
      this.frame = frame
    }
    const drawCell = isFine ? drawFine : drawStroked
    for (const index of changedIndices(this.drawn, shown))
      drawCell(context, elementAt(shown.cells, index, 'index'), frame)
    this.drawn = shown
    context.globalAlpha = 1
  }

  /** Redraws everything next time, because the canvas lost its content. */
  forget(): void {
    this.frame = null
  }
}

const isSame = (a: CellsFrame, b: CellsFrame): boolean =>
  a.geometry === b.geometry && a.ratio === b.ratio && a.colors === b.colors

function fill(context: CellsContext, { old, fill }: HeatmapCell, { colors }: CellsFrame): void {
  context.globalAlpha = old ? OLD : 1
  context.fillStyle = fill ?? colors.empty
}

/** Draws a cell with whole screen pixels, replacing the previous content. */
function drawFine(context: CellsContext, cell: HeatmapCell, frame: CellsFrame): void {
  const { geometry, ratio } = frame
  const edges = (x: number, y: number, side: number): [number, number, number, number] => {
    const [left, top] = [Math.round(x * ratio), Math.round(y * ratio)]
    return [left, top, Math.round((x + side) * ratio) - left, Math.round((y + side) * ratio) - top]
  }
  const { x, y } = cellCorner(geometry, cell.range)
  const whole = edges(x, y, geometry.cell)
  // A score of this sweep on all prompts covers the whole previous cell.
  const covers = cell.fill !== undefined && !cell.old && !cell.partial
  if (!covers) context.clearRect(...whole)
  fill(context, cell, frame)
  context.fillRect(...(covers ? whole : edges(cell.x, cell.y, cell.side)))
}

/** Draws a cell with a line around it, half of which is inside. */
function drawStroked(context: CellsContext, cell: HeatmapCell, frame: CellsFrame): void {
  const { x, y, side } = cell
  context.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0)
  fill(context, cell, frame)
  context.fillRect(x, y, side, side)
  context.globalAlpha = 1
  context.strokeStyle = frame.colors.surface
  context.strokeRect(x, y, side, side)
}
