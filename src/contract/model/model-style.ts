/** Colours and shapes of models in all charts and lists, which kept models have for the project's life. */

/** Colours of kept models, in the order of keeping. The first differs from the colour of recipes that are not kept. */
const KEPT_TONES = ['checkpoint', 'sky', 'orange', 'black', 'hybrid'] as const
/** Shapes that Chart.js draws. Six shapes and five colours distinguish 30 models. */
export const MARK_SHAPES = ['circle', 'triangle', 'star', 'crossRot', 'rectRounded', 'cross'] as const

/** Colour names from the palette of Okabe and Ito. Recipes that are not kept are `hybrid`. */
export type ModelTone = 'base' | 'post' | (typeof KEPT_TONES)[number]
/** Colour of external models. No model of the pair has this colour by default. */
export const EXTERNAL_TONE: ModelTone = 'black'
export type MarkShape = 'rect' | 'rectRot' | (typeof MARK_SHAPES)[number]

export interface ModelStyle {
  tone: ModelTone
  shape: MarkShape
}

/** Returns the style of a kept model. @param mark number of the kept model */
export const keptStyle = (mark: number): ModelStyle => ({
  tone: KEPT_TONES[mark % KEPT_TONES.length] ?? 'checkpoint',
  shape: MARK_SHAPES[mark % MARK_SHAPES.length] ?? 'circle'
})

export const MARK_GLYPHS: Readonly<Record<MarkShape, string>> = {
  rect: '■',
  rectRot: '◆',
  rectRounded: '▢',
  circle: '●',
  triangle: '▲',
  star: '✱',
  crossRot: '✕',
  cross: '✚'
}

/** Reports whether a shape has no interior and is drawn by its border. */
export const isOpen = (shape: MarkShape): boolean => shape === 'star' || shape === 'cross' || shape === 'crossRot'
