import type { LayerDistance } from '../../../contract/documents/distances'
import type { BarContent } from '../../plots/bars'
import { DISTANCE_METRICS, type DistanceMetric } from './distances'

/** Returns the bars of one metric of distance, one per layer. */
export function distanceBars(layers: readonly LayerDistance[], metric: DistanceMetric): BarContent {
  const spec = DISTANCE_METRICS[metric]
  const { format } = spec
  const values = layers.map((layer) => spec.value(layer))
  const names = layers.map(({ layer }) => String(layer))
  return {
    x: { title: 'decoder layer', labels: names.map((name) => [name]), size: 11 },
    y: {
      title: spec.label.toLowerCase(),
      bounds: spec.domain(values.filter((value) => value !== null)),
      format
    },
    groups: [{ name: spec.label, tone: 'post', opacity: 0.75, values }],
    categoryName: (index) => `Layer ${names[index] ?? ''}`,
    format
  }
}
