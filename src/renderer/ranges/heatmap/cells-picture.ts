import { at } from '../../../contract/model/look-up'
import { cellCorner, FINE_CELL, type HeatmapGeometry } from '../../plots/heatmap-geometry'
import { changedPlaces, type DrawnCells, type HeatmapCell, NO_CELLS } from './heatmap-cells'

/** What of a canvas's context is drawn with. */
export type CellsContext = Pick<
  CanvasRenderingContext2D,
  'fillStyle' | 'strokeStyle' | 'globalAlpha' | 'clearRect' | 'fillRect' | 'strokeRect' | 'setTransform'
> & { readonly canvas: { width: number; height: number } }

export interface CellsFrame {
  geometry: HeatmapGeometry
  /** Pixels of the screen for each of the page. */
  ratio: number
  /** Of a cell without a value, and between cells. */
  colors: { empty: string; surface: string }
}

/** How much of the colour of a score of the sweep before is seen. */
const OLD = 0.3

/**
 * Draws the cells of a triangle on a canvas that keeps them: of thousands only those that look otherwise than they did, as a tree of
 * elements cannot, of which all are painted when one has changed.
 */
export class CellsPicture {
  /** What is on the canvas. */
  private drawn = NO_CELLS
  private frame: CellsFrame | null = null

  draw(context: CellsContext, shown: DrawnCells, frame: CellsFrame): void {
    const { geometry, ratio } = frame
    const isFine = geometry.cell < FINE_CELL
    // Strokes of large cells, of which there are few, lie on their neighbours.
    if (!isFine || this.frame === null || !isSame(this.frame, frame)) {
      const side = Math.round(geometry.size * ratio)
      // Clears it too.
      context.canvas.width = side
      context.canvas.height = side
      this.drawn = NO_CELLS
      this.frame = frame
    }
    const drawCell = isFine ? drawFine : drawStroked
    for (const place of changedPlaces(this.drawn, shown))
      drawCell(context, at(shown.cells, place, 'place'), frame)
    this.drawn = shown
    context.globalAlpha = 1
  }

  /** Draws all of it next time: the canvas has lost what it kept. */
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

/** With whole pixels of the screen, in place of what was there. */
function drawFine(context: CellsContext, cell: HeatmapCell, frame: CellsFrame): void {
  const { geometry, ratio } = frame
  const edges = (x: number, y: number, side: number): [number, number, number, number] => {
    const [left, top] = [Math.round(x * ratio), Math.round(y * ratio)]
    return [left, top, Math.round((x + side) * ratio) - left, Math.round((y + side) * ratio) - top]
  }
  const { x, y } = cellCorner(geometry, cell.range)
  const whole = edges(x, y, geometry.cell)
  // A score of this sweep on all prompts covers what was there.
  const covers = cell.fill !== undefined && !cell.old && !cell.partial
  if (!covers) context.clearRect(...whole)
  fill(context, cell, frame)
  context.fillRect(...(covers ? whole : edges(cell.x, cell.y, cell.side)))
}

/** With a line around it, half of which lies within. */
function drawStroked(context: CellsContext, cell: HeatmapCell, frame: CellsFrame): void {
  const { x, y, side } = cell
  context.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0)
  fill(context, cell, frame)
  context.fillRect(x, y, side, side)
  context.globalAlpha = 1
  context.strokeStyle = frame.colors.surface
  context.strokeRect(x, y, side, side)
}
