/** Size of a stripe in pixels: its height, and how much of it is coloured from its top edge. */
export const STRIPE = { height: 4, colored: 2.5 } as const

/** Creates stripes in a colour. Returns the plain colour if no pattern can be created. */
export function striped(color: string, ground: string): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = STRIPE.height
  tile.height = STRIPE.height
  const context = tile.getContext('2d')
  if (context === null) return color
  context.fillStyle = ground
  context.fillRect(0, 0, STRIPE.height, STRIPE.height)
  context.fillStyle = color
  context.fillRect(0, 0, STRIPE.height, STRIPE.colored)
  return context.createPattern(tile, 'repeat') ?? color
}
