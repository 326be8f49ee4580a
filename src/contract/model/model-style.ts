import type { Rival } from './rival'

/*
 * How models look wherever they stand side by side: base and post are the same everywhere, and what a project keeps has a colour
 * and a shape for the project's life.
 */

/** The first is not that of recipes that are not kept: the selected range stands beside what is kept. */
const KEPT_TONES = ['checkpoint', 'sky', 'orange', 'black', 'hybrid'] as const
/** Chart.js draws them. One more than there are colours, so that 30 models differ, and neighbours in both. */
export const MARK_SHAPES = ['circle', 'triangle', 'star', 'crossRot', 'rectRounded', 'cross'] as const

/** Colours by name, Okabe and Ito's: recipes that are not kept are hybrids, and checkpoints beside the pair have one of their own. */
export const MODEL_TONES = ['base', 'post', ...KEPT_TONES] as const
export type ModelTone = (typeof MODEL_TONES)[number]
/** What restores no layer has the colour of what it is drawn from. */
export const RIVAL_TONES: Readonly<Record<Rival['kind'], ModelTone>> = {
  sampler: 'post',
  mix: 'orange',
  filter: 'base'
}
/** A uniform blend is a recipe. */
export const baselineTone = ({ kind }: { kind: Rival['kind'] | 'blend' }): ModelTone =>
  kind === 'blend' ? 'hybrid' : RIVAL_TONES[kind]
/** Who answers outside the engine may be any model: a colour that nothing of the pair has by itself. */
export const OUTSIDE_TONE: ModelTone = 'black'
export type MarkShape = 'rect' | 'rectRot' | (typeof MARK_SHAPES)[number]

export interface ModelStyle {
  tone: ModelTone
  shape: MarkShape
}

/** @param mark of what is kept: numbers that a project gives out in the order of keeping */
export const keptStyle = (mark: number): ModelStyle => ({
  tone: KEPT_TONES[mark % KEPT_TONES.length] ?? 'checkpoint',
  shape: MARK_SHAPES[mark % MARK_SHAPES.length] ?? 'circle'
})

/** A shape in a line of text. */
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

/** Whether a shape has no inside: it is drawn by its border. */
export const isOpen = (shape: MarkShape): boolean =>
  shape === 'star' || shape === 'cross' || shape === 'crossRot'
