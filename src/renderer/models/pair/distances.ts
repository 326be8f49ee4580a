import {
  changedShare,
  COMPONENT_LABELS,
  DISTANCE_COMPONENTS,
  type DistanceComponent,
  type ComponentDistance,
  type Distance,
  distanceRows,
  type DistancesDocument
} from '../../../contract/documents/distances'
import { VIRIDIS, type ColorScale } from '../../../contract/words/color-scale'
import { toCsv } from '../../ui/csv'

interface DistanceMetricSpec {
  label: string
  /** Definition of the number, for legends. */
  describe: string
  value: (distance: Distance) => number | null
  format: (value: number) => string
  brief: (value: number) => string
  /** Colours from the low end to the high end. The end of the largest change is bright. */
  scale: ColorScale
  domain: (values: readonly number[]) => [number, number]
}

/** Identical checkpoints have no largest value, so their scale ends at 1. */
const upToLargest = (values: readonly number[]): [number, number] => [0, Math.max(0, ...values) || 1]

/** Formats four decimals. Values that would be 0 are written with a power of ten. */
const formatNorm = (value: number): string => (value === 0 || value >= 1e-3 ? value.toFixed(4) : value.toExponential(1))

const formatShare = (share: number): string => (share > 0 && share < 5e-5 ? '<0.01 %' : `${(100 * share).toFixed(2)} %`)

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

/** Names the colours at the low and the high end of a metric. */
export const scaleEnds = (metric: DistanceMetric): [string, string] =>
  DISTANCE_METRICS[metric].scale === VIRIDIS ? ['dark', 'light'] : ['light', 'dark']

export const DISTANCE_METRIC_NAMES = ['relativeNorm', 'cosine', 'changed'] as const satisfies readonly DistanceMetric[]

/** Column of the heatmap: the whole layer or one of its components. */
type DistanceColumn = 'whole' | DistanceComponent

export const columnLabel = (column: DistanceColumn): string =>
  column === 'whole' ? 'whole layer' : COMPONENT_LABELS[column]

/** Returns the columns that this pair's layers have, in the order of the computation. */
export const distanceColumns = ({ components }: DistancesDocument): DistanceColumn[] => {
  const present = new Set(components.flatMap(({ layer, component }) => (layer === null ? [] : [component])))
  return ['whole', ...DISTANCE_COMPONENTS.filter((component) => present.has(component))]
}

/** Returns the distances of every layer by column, layer 0 first. */
export function distanceGrid(document: DistancesDocument): Map<DistanceColumn, Distance>[] {
  const grid = document.layers.map((layer) => new Map<DistanceColumn, Distance>([['whole', layer]]))
  for (const distance of document.components) {
    if (distance.layer !== null) grid[distance.layer]?.set(distance.component, distance)
  }
  return grid
}

/** Returns the components outside the layers: embeddings, final norm and head. */
export const aroundLayers = ({ components }: DistancesDocument): ComponentDistance[] =>
  components.filter(({ layer }) => layer === null)

export function distancesCsv(document: DistancesDocument): string {
  const { header, rows } = distanceRows(document)
  return toCsv(header, rows)
}
