import type { Cell } from '../ui/roving'
import type { GridContent } from '../plots/figures/grid-drawing'
import { VIRIDIS } from '../../contract/words/color-scale'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { type Component, COMPONENTS, type LayerHalf, type LayerStrength } from '../../contract/model/recipe'
import { elementAt } from '../../contract/model/look-up'
import {
  componentName,
  componentStrength,
  componentStrengths,
  HALVES,
  isExtrapolated,
  isPostLayer,
  meanStrength,
  sourcesOf,
  withComponents
} from '../../contract/model/strengths'

/** A row of the layer strip: one half, or one component, of every layer. */
export interface Row {
  half: LayerHalf
  /** Null for all components of the half. */
  component: Component | null
  name: string
}

/** Rows of both views: one per half, or one per component. */
export const ROWS: Readonly<Record<'halves' | 'components', readonly Row[]>> = {
  halves: [
    { half: 'attention', component: null, name: 'Attention' },
    { half: 'mlp', component: null, name: 'MLP' }
  ],
  components: HALVES.flatMap((half) =>
    COMPONENTS[half].map((component) => ({ half, component, name: componentName(half, component) }))
  )
}

/** Returns the rows of models with or without a router. */
export const rowsOf = (kind: keyof typeof ROWS, routed: boolean): readonly Row[] =>
  ROWS[kind].filter(({ component }) => routed || component !== 'router')

/** Returns the view that shows the strengths completely. */
export const rowsFor = (layers: readonly LayerStrength[]): keyof typeof ROWS =>
  layers.every((layer) => HALVES.every((half) => typeof layer[half] === 'number')) ? 'halves' : 'components'

/** Returns the strength of a row in a layer; null if its components differ. */
export function strengthAt(layer: LayerStrength, { half, component }: Row): number | null {
  if (component !== null) return componentStrength(layer, half, component)
  const strength = layer[half]
  return typeof strength === 'number' ? strength : null
}

/** Returns the strength that a cell of the editor shows; the mean where components differ. */
const shownStrength = (layer: LayerStrength, row: Row): number =>
  strengthAt(layer, row) ?? meanStrength(layer, row.half)

/** Describes a cell: `post`, `0.5 of base`, `sft`, `q 1, k 0.5`, `q 1 of sft`. */
export function cellWords(layer: LayerStrength, row: Row, words: (strength: number) => string): string {
  const strength = strengthAt(layer, row)
  const name = checkpointName(layer.source)
  if (strength === 0) return 'post'
  if (strength !== null) return strength === 1 ? name : `${words(strength)} of ${name}`
  const named = componentStrengths(layer, row.half)
    .filter((own) => own.strength !== 0)
    .map((own) => `${own.component} ${words(own.strength)}`)
    .join(', ')
  return layer.source === undefined ? named : `${named} of ${name}`
}

/** Describes the layers as a grid of cells, with a row for each half or component. */
export const strengthGrid = (layers: readonly LayerStrength[], rows: readonly Row[]): GridContent => ({
  corner: 'layer',
  columns: layers.map((_, layer) => String(layer)),
  rows: rows.map((row) => ({
    label: row.name,
    values: layers.map((layer) => shownStrength(layer, row)),
    scale: VIRIDIS,
    domain: [0, 1],
    format: String
  }))
})

/** Returns the CSS background of a cell: striped beyond base or post, underlined for another source than base. */
export function strengthBackground(layer: LayerStrength, row: Row): string {
  const strength = shownStrength(layer, row)
  if (strength === 0) return 'color-mix(in srgb, var(--post) 35%, var(--surface))'
  const share = 30 + 70 * Math.min(1, Math.abs(strength))
  const color = `color-mix(in srgb, var(--hybrid) ${share}%, var(--surface))`
  const fill = isExtrapolated(strength)
    ? 'repeating-linear-gradient(45deg, var(--hybrid) 0 6px, var(--warning) 6px 8px)'
    : `linear-gradient(${color}, ${color})`
  const underline = 'linear-gradient(var(--checkpoint), var(--checkpoint)) bottom / 100% 4px no-repeat, '
  return `${layer.source === undefined ? '' : underline}${fill}`
}

/** Strength and source of a stroke. The default source is base. */
export interface Brush {
  strength: number
  source?: OtherCheckpoint
}

/** Returns the sources that an editor offers besides base: usable checkpoints, and sources of the edited layers. */
export function editSources(usable: readonly OtherCheckpoint[], layers: readonly LayerStrength[]): OtherCheckpoint[] {
  const sources = new Map<string, OtherCheckpoint>()
  for (const { name, path, fingerprint } of [...sourcesOf(layers), ...usable])
    sources.set(fingerprint, { name, path, fingerprint })
  return [...sources.values()]
}

export const checkpointName = (source: OtherCheckpoint | undefined): string => source?.name ?? 'base'

const sameSource = (one: OtherCheckpoint | undefined, other: OtherCheckpoint | undefined): boolean =>
  one?.fingerprint === other?.fingerprint

/** A recipe being edited, with its undo history. */
interface RecipeEdit {
  layers: readonly LayerStrength[]
  past: readonly (readonly LayerStrength[])[]
  future: readonly (readonly LayerStrength[])[]
}

/** Limits the memory of a long session. */
const MAX_STEPS = 500

export const beginEdit = (layers: readonly LayerStrength[]): RecipeEdit => ({ layers, past: [], future: [] })

/** Returns true if a cell lies in the rectangle between two cells. */
export function isBetween(cell: Cell, from: Cell, to: Cell): boolean {
  const within = (value: number, one: number, other: number): boolean =>
    value >= Math.min(one, other) && value <= Math.max(one, other)
  return within(cell.column, from.column, to.column) && within(cell.row, from.row, to.row)
}

/**
 * Paints the rectangle between two cells. The source of a painted layer becomes the brush's, because a layer has only
 * one source. Components without a row, such as those of experts, get the common strength of the rows of their half, or
 * 0 if the rows differ.
 */
export function painted(
  layers: readonly LayerStrength[],
  rows: readonly Row[],
  from: Cell,
  to: Cell,
  { strength, source }: Brush
): LayerStrength[] {
  return layers.map((layer, index) => {
    const meant = rows.filter((_, row) => isBetween({ row, column: index }, from, to))
    if (meant.length === 0) return layer
    const set = withComponents(layer, (half, component, own) =>
      meant.some((row) => row.half === half && (row.component === null || row.component === component)) ? strength : own
    )
    const { attention, mlp } = withComponents(set, (half, component, own) => {
      const components = rows.filter((row) => row.half === half).map((row) => row.component)
      if (components.includes(null) || components.includes(component)) return own
      const [first, ...others] = components.map((other) => (other === null ? 0 : componentStrength(set, half, other)))
      return first !== undefined && others.every((other) => other === first) ? first : 0
    })
    const newSource = strength === 0 ? layer.source : source
    return newSource === undefined || isPostLayer({ attention, mlp })
      ? { attention, mlp }
      : { attention, mlp, source: newSource }
  })
}

/** Returns the brush of a stroke: post if the first cell has the brush's strength and source already. */
export function strokeBrush(
  layers: readonly LayerStrength[],
  rows: readonly Row[],
  { row, column }: Cell,
  brush: Brush
): Brush {
  const there = elementAt(layers, column, 'layer')
  const painted = strengthAt(there, elementAt(rows, row, 'row')) === brush.strength
  return painted && sameSource(there.source, brush.source) ? ERASER : brush
}

/** A brush that gives layers back to post. */
export const ERASER: Brush = { strength: 0 }

/** Adds new strengths as one step. Equal strengths add none. */
export function change(edit: RecipeEdit, layers: readonly LayerStrength[]): RecipeEdit {
  if (JSON.stringify(layers) === JSON.stringify(edit.layers)) return edit
  return { layers, past: [...edit.past, edit.layers].slice(-MAX_STEPS), future: [] }
}

export function undo(edit: RecipeEdit): RecipeEdit {
  const layers = edit.past.at(-1)
  if (layers === undefined) return edit
  return { layers, past: edit.past.slice(0, -1), future: [edit.layers, ...edit.future] }
}

export function redo(edit: RecipeEdit): RecipeEdit {
  const [layers, ...future] = edit.future
  if (layers === undefined) return edit
  return { layers, past: [...edit.past, edit.layers], future }
}
