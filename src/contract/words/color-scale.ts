type Rgb = readonly [number, number, number]

export type ColorScale = readonly Rgb[]

const hex = (code: string): Rgb => [
  Number.parseInt(code.slice(0, 2), 16),
  Number.parseInt(code.slice(2, 4), 16),
  Number.parseInt(code.slice(4, 6), 16)
]

/** Viridis (van der Walt and Smith), eleven stops: perceptually even, readable without colour vision. */
export const VIRIDIS: ColorScale = '440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725'
  .split(' ')
  .map(hex)

/** ColorBrewer PuOr, nine classes, from loss (orange) to gain (purple): colour-blind safe. */
export const DIVERGING: ColorScale = 'b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788'
  .split(' ')
  .map(hex)

/** The same hues with a dark middle, because a white one would outshine all cells of a dark window. */
const DIVERGING_ON_DARK: ColorScale = 'fdb863 e08214 ad5c14 66401f 2f3238 453f66 6a5c9e 978acb c4bbec'
  .split(' ')
  .map(hex)

/** Returns the variant of a colour scale for a theme. Neutral values have the colour closest to the background. */
export const scaleOn = (theme: 'light' | 'dark', scale: ColorScale): ColorScale =>
  theme === 'dark' && scale === DIVERGING ? DIVERGING_ON_DARK : scale

/** Returns the colour at `position` from 0 to 1. Positions outside take the nearest end. */
export function colorAt(scale: ColorScale, position: number): Rgb {
  const stop = Math.min(1, Math.max(0, position)) * (scale.length - 1)
  const below = scale[Math.floor(stop)]
  const above = scale[Math.ceil(stop)]
  if (below === undefined || above === undefined) return [128, 128, 128]
  const weight = stop - Math.floor(stop)
  const mix = (low: number, high: number): number => Math.round(low + (high - low) * weight)
  return [mix(below[0], above[0]), mix(below[1], above[1]), mix(below[2], above[2])]
}

export const cssColor = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`

/** Returns the relative luminance by WCAG 2.2. */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}

/** Returns black or white, whichever has more contrast with the colour. */
export const inkOn = (color: Rgb): string => (luminance(color) > 0.179 ? '#000000' : '#ffffff')
