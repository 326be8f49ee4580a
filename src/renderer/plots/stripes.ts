/** Colours of a striped pattern, for canvases and for saved figures. */
export interface Stripes {
  color: string
  ground: string
}

/** Size of a stripe in pixels: its height, and how much of it is coloured from its top edge. */
export const STRIPE = { height: 4, colored: 2.5 } as const

const stripesByPattern = new WeakMap<CanvasPattern, Stripes>()

/**
 * Creates stripes in a colour, so that bars differ by more than hue. Returns the plain colour if no pattern can be
 * created.
 */
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
  const pattern = context.createPattern(tile, 'repeat')
  if (pattern === null) return color
  stripesByPattern.set(pattern, { color, ground })
  return pattern
}

/** Returns the stripes that {@link striped} made a pattern of. */
export const stripesOf = (style: unknown): Stripes | undefined =>
  typeof CanvasPattern !== 'undefined' && style instanceof CanvasPattern
    ? stripesByPattern.get(style)
    : undefined
