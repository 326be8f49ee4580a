/** Height of a stripe in pixels, and height of its coloured part, which begins at the top edge. */
export const STRIPE = { height: 4, colored: 2.5 } as const

/** Creates a fill of horizontal stripes. Returns the plain colour if the canvas cannot create a pattern. */
export function striped(color: string, background: string): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = STRIPE.height
  tile.height = STRIPE.height
  const context = tile.getContext('2d')
  if (context === null) return color
  context.fillStyle = background
  context.fillRect(0, 0, STRIPE.height, STRIPE.height)
  context.fillStyle = color
  context.fillRect(0, 0, STRIPE.height, STRIPE.colored)
  return context.createPattern(tile, 'repeat') ?? color
}
