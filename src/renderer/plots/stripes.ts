/** Stripes, as a canvas has them and as a figure writes them down. */
export interface Stripes {
  color: string
  ground: string
}

/** Of each, so much is colour, from its upper edge. */
export const STRIPE = { height: 4, colored: 2.5 } as const

const made = new WeakMap<CanvasPattern, Stripes>()

/** Stripes in a colour, so that bars differ by more than hue; the colour where there can be none. */
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
  made.set(pattern, { color, ground })
  return pattern
}

/** What a pattern was made of by {@link striped}. */
export const stripesOf = (style: unknown): Stripes | undefined =>
  typeof CanvasPattern !== 'undefined' && style instanceof CanvasPattern ? made.get(style) : undefined
