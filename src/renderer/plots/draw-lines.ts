import type { Chart } from 'chart.js'

/** A straight line in values of the axes. */
export interface DrawnLine {
  from: { x: number; y: number }
  to: { x: number; y: number }
  color: string
  dash?: readonly [line: number, gap: number]
}

/** Draws lines over the points. A line may leave the axes, where an interval ends outside. */
export function drawLines({ ctx, scales }: Pick<Chart, 'ctx' | 'scales'>, lines: readonly DrawnLine[]): void {
  const { x, y } = scales
  if (x === undefined || y === undefined) return
  ctx.save()
  ctx.lineWidth = 1.25
  for (const { from, to, color, dash = [] } of lines) {
    ctx.strokeStyle = color
    ctx.setLineDash([...dash])
    ctx.beginPath()
    ctx.moveTo(x.getPixelForValue(from.x), y.getPixelForValue(from.y))
    ctx.lineTo(x.getPixelForValue(to.x), y.getPixelForValue(to.y))
    ctx.stroke()
  }
  ctx.restore()
}
