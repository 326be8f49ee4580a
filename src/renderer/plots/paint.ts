import type { Drawing, Shape, Stroke, TextShape } from './figures/drawing'
import { FIGURE_FONT } from './figures/svg'

/** Draws a figure on a canvas. @param scale pixels of the screen per unit of the drawing */
export function paintDrawing(canvas: HTMLCanvasElement, { width, height, shapes }: Drawing, scale: number): void {
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(scale, scale)
  context.lineJoin = 'round'
  for (const shape of shapes) paintShape(context, shape)
}

function paintShape(context: CanvasRenderingContext2D, shape: Shape): void {
  if (shape.kind === 'text') return paintText(context, shape)
  const { d, fill, stroke, clip } = shape
  const outline = new Path2D(d)
  if (clip !== null) {
    context.save()
    context.beginPath()
    context.rect(clip.x, clip.y, clip.width, clip.height)
    context.clip()
  }
  if (fill !== null) {
    context.globalAlpha = fill.opacity
    context.fillStyle = fill.color
    context.fill(outline)
  }
  if (stroke !== null) {
    useStroke(context, stroke)
    context.stroke(outline)
  }
  if (clip !== null) context.restore()
}

function paintText(context: CanvasRenderingContext2D, shape: TextShape): void {
  const { text, x, y, anchor, size, bold, angle, fill, halo } = shape
  context.save()
  context.translate(x, y)
  context.rotate((angle * Math.PI) / 180)
  context.font = `${bold ? 'bold ' : ''}${size}px ${FIGURE_FONT}`
  context.textAlign = anchor === 'middle' ? 'center' : anchor
  if (halo !== null) {
    useStroke(context, halo)
    context.strokeText(text, 0, 0)
  }
  context.globalAlpha = fill.opacity
  context.fillStyle = fill.color
  context.fillText(text, 0, 0)
  context.restore()
}

function useStroke(context: CanvasRenderingContext2D, { color, opacity, width, dash }: Stroke): void {
  context.globalAlpha = opacity
  context.strokeStyle = color
  context.lineWidth = width
  context.setLineDash([...(dash ?? [])])
}
