import { z } from 'zod'
import {
  changedShare,
  COMPONENT_LABELS,
  DISTANCE_COMPONENTS,
  type Distance,
  type DistancesDocument,
  identicalLayers
} from '../../../contract/documents/distances'
import { optionGroup } from '../options/option-group'
import { choice, flag, text } from '../options/option-kinds'
import { formatDuration, plural } from '../../../contract/words/format'
import { bytes, count, printable, style, table } from '../printing/output'

const METRICS = {
  'relative-norm': {
    title: 'Relative norm ||post - base|| / ||base|| of every layer and component',
    cell: ({ relativeNorm }: Distance) => (relativeNorm === null ? '-' : significant(relativeNorm))
  },
  cosine: {
    title: 'Cosine similarity of post and base, every layer and component',
    cell: ({ cosine }: Distance) => (cosine === null ? '-' : cosine.toFixed(6))
  },
  changed: {
    title: 'Share of weights that changed, every layer and component',
    cell: (distance: Distance) => percent(changedShare(distance))
  }
} as const
const MetricName = z.enum(['relative-norm', 'cosine', 'changed'])

export const distanceOptions = optionGroup().options({
  distances: flag('measure how far post-training moved each layer (reads all weights)'),
  metric: choice(MetricName, '<name>', 'metric of the table of distances (default: relative-norm)'),
  csv: text('<file>', 'write every number of every component as a table; an earlier one is replaced')
})

/** Describes distances by one metric, as a table with a row for each layer and a column for each component. */
export function describeDistances(
  document: DistancesDocument,
  metric: z.infer<typeof MetricName> = 'relative-norm'
): string {
  const { title, cell } = METRICS[metric]
  const { components, layers, notices, bytesRead, seconds } = document
  const columns = DISTANCE_COMPONENTS.filter((component) =>
    components.some((entry) => entry.layer !== null && entry.component === component)
  )
  const rows = layers.map((whole) => [
    String(whole.layer),
    cell(whole),
    ...columns.map((component) => {
      const entry = components.find((candidate) => candidate.layer === whole.layer && candidate.component === component)
      return entry === undefined ? '' : cell(entry)
    }),
    whole.identical ? 'identical' : ''
  ])
  const heading = ['layer', 'whole layer', ...columns.map((component) => COMPONENT_LABELS[component]), '']
  const outsideLayers = components
    .filter(({ layer }) => layer === null)
    .map((entry) => [COMPONENT_LABELS[entry.component], cell(entry), entry.identical ? 'identical' : ''])
  const identical = identicalLayers(document)
  return [
    style('bold', title),
    table([heading, ...rows], `r${'r'.repeat(columns.length + 1)}l`),
    '',
    table(outsideLayers, 'lrl'),
    '',
    ...(identical.length === 0
      ? []
      : [`Identical: ${identical.join(', ')} (${count(identical.length)} of ${plural(layers.length, 'layer')}).`]),
    ...notices.map((notice) => `note: ${printable(notice)}`),
    style('dim', `${bytes(bytesRead)} compared in ${formatDuration(seconds)}`)
  ].join('\n')
}

/** Formats four decimals. Values below 1e-4 have one significant digit instead. */
function significant(value: number): string {
  if (value === 0) return '0'
  return value >= 1e-4 ? value.toFixed(4) : value.toExponential(1)
}

function percent(share: number): string {
  const digits = (100 * share).toFixed(2)
  return `${share > 0 && digits === '0.00' ? '<0.01' : digits} %`
}
