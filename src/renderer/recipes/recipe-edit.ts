import type { LayerStrength } from '../../contract/model/recipe'

export const HALVES = ['attention', 'mlp'] as const
export type Half = (typeof HALVES)[number]

/** A place on the layer strip. */
export interface Place {
  layer: number
  half: Half
}

/** A recipe being edited, with what undo and redo go back and forth to. */
export interface RecipeEdit {
  layers: readonly LayerStrength[]
  past: readonly (readonly LayerStrength[])[]
  future: readonly (readonly LayerStrength[])[]
}

/** More steps than anyone takes back; bounds what a long session holds. */
const MAX_STEPS = 500

export const beginEdit = (layers: readonly LayerStrength[]): RecipeEdit => ({ layers, past: [], future: [] })

const rowOf = ({ half }: Place): number => HALVES.indexOf(half)

/** Whether a place lies in the rectangle between two others. */
export function isBetween(place: Place, from: Place, to: Place): boolean {
  const within = (value: number, one: number, other: number): boolean =>
    value >= Math.min(one, other) && value <= Math.max(one, other)
  return within(place.layer, from.layer, to.layer) && within(rowOf(place), rowOf(from), rowOf(to))
}

/** The strengths with the rectangle between two places set. */
export function painted(
  layers: readonly LayerStrength[],
  from: Place,
  to: Place,
  strength: number
): LayerStrength[] {
  const of = (own: LayerStrength, layer: number, half: Half): number =>
    isBetween({ layer, half }, from, to) ? strength : own[half]
  return layers.map((own, layer) => ({
    attention: of(own, layer, 'attention'),
    mlp: of(own, layer, 'mlp')
  }))
}

/** What a stroke that begins at a place paints: the brush, or post where the brush's strength is already. */
export const strokeStrength = (
  layers: readonly LayerStrength[],
  { layer, half }: Place,
  brush: number
): number => (layers[layer]?.[half] === brush ? 0 : brush)

/** Takes new strengths as one step; no step when they are the same. */
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

/** Where an arrow key, Home or End leads; null for other keys. */
export function movePlace(place: Place, key: string, layerCount: number): Place | null {
  const at = (layer: number): Place => ({ ...place, layer: Math.min(Math.max(layer, 0), layerCount - 1) })
  switch (key) {
    case 'ArrowLeft':
      return at(place.layer - 1)
    case 'ArrowRight':
      return at(place.layer + 1)
    case 'Home':
      return at(0)
    case 'End':
      return at(layerCount - 1)
    case 'ArrowUp':
      return { ...place, half: 'attention' }
    case 'ArrowDown':
      return { ...place, half: 'mlp' }
    default:
      return null
  }
}
