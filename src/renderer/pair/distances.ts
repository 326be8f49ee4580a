import {
  changedShare,
  COMPONENT_LABELS,
  DISTANCE_COMPONENTS,
  type DistanceComponent,
  type ComponentDistance,
  type Distance,
  distanceRows,
  type DistancesDocument
} from '../../contract/documents/distances'
import { VIRIDIS, type ColorScale } from '../../contract/words/color-scale'
import { toCsv } from '../ui/csv'

interface DistanceMetricSpec {
  label: string
  /** What the number is, for legends. */
  describe: string
  value: (distance: Distance) => number | null
  format: (value: number) => string
  /** For the inside of a cell. */
  brief: (value: number) => string
  /** Colours from the low end to the high one: the far end of every metric, the one that moved most, is bright. */
  scale: ColorScale
  domain: (values: readonly number[]) => [number, number]
}

/** Identical checkpoints have no largest value to scale by. */
const upToLargest = (values: readonly number[]): [number, number] => [0, Math.max(0, ...values) || 1]

/** Four digits behind the point, and the power of ten for what that would round away. */
const formatNorm = (value: number): string =>
  value === 0 || value >= 1e-3 ? value.toFixed(4) : value.toExponential(1)

const formatShare = (share: number): string =>
  share > 0 && share < 5e-5 ? '<0.01 %' : `${(100 * share).toFixed(2)} %`

/** What the charts can show of a distance. */
export const DISTANCE_METRICS = {
  relativeNorm: {
    label: 'Relative norm',
    describe: '‖post − base‖ / ‖base‖',
    value: ({ relativeNorm }) => relativeNorm,
    format: formatNorm,
    brief: (value) => (value === 0 || value >= 0.0005 ? value.toFixed(3) : value.toExponential(0)),
    scale: VIRIDIS,
    domain: upToLargest
  },
  cosine: {
    label: 'Cosine',
    describe: 'Cosine similarity of post and base',
    value: ({ cosine }) => cosine,
    format: (value) => value.toFixed(6),
    brief: (value) => value.toFixed(3),
    scale: VIRIDIS.toReversed(),
    domain: (values) => [Math.min(1 - 1e-9, ...values), 1]
  },
  changed: {
    label: 'Changed share',
    describe: 'Share of weights with other bits',
    value: changedShare,
    format: formatShare,
    brief: (value) => `${Math.round(100 * value)} %`,
    scale: VIRIDIS,
    domain: () => [0, 1]
  }
} as const satisfies Record<string, DistanceMetricSpec>

export type DistanceMetric = keyof typeof DISTANCE_METRICS
export const DISTANCE_METRIC_NAMES = [
  'relativeNorm',
  'cosine',
  'changed'
] as const satisfies readonly DistanceMetric[]

/** A column of the heatmap: the layer as a whole, or one of its components. */
export type DistanceColumn = 'whole' | DistanceComponent

export const columnLabel = (column: DistanceColumn): string =>
  column === 'whole' ? 'whole layer' : COMPONENT_LABELS[column]

/** The columns that this pair's layers have, in the order of the computation. */
export const distanceColumns = ({ components }: DistancesDocument): DistanceColumn[] => {
  const present = new Set(components.flatMap(({ layer, component }) => (layer === null ? [] : [component])))
  return ['whole', ...DISTANCE_COMPONENTS.filter((component) => present.has(component))]
}

/** Every layer's distances by column, layer 0 first. */
export function distanceGrid(document: DistancesDocument): Map<DistanceColumn, Distance>[] {
  const grid = document.layers.map((whole) => new Map<DistanceColumn, Distance>([['whole', whole]]))
  for (const distance of document.components) {
    if (distance.layer !== null) grid[distance.layer]?.set(distance.component, distance)
  }
  return grid
}

/** What lies around the layers: embeddings, final norm, head. */
export const aroundLayers = ({ components }: DistancesDocument): ComponentDistance[] =>
  components.filter(({ layer }) => layer === null)

export function distancesCsv(document: DistancesDocument): string {
  const { header, rows } = distanceRows(document)
  return toCsv(header, rows)
}
