import { z } from 'zod'
import {
  changedShare,
  COMPONENT_LABELS,
  DISTANCE_COMPONENTS,
  type Distance,
  distanceRows,
  type DistancesDocument,
  identicalLayers
} from '../../../contract/documents/distances'
import { pairPaths } from '../../project/demo'
import { formatCsv } from '../../base/csv'
import { computeDistances } from '../../readings/host'
import { refuseUnused, requirePair, pairOptions } from '../options/options'
import { choice, defaulting, flag } from '../options/option-kinds'
import { formatDuration, plural } from '../../../contract/words/format'
import { bytes, count, printable, printJson, printShown, printText, style, table } from '../printing/output'
import { subcommand } from '../options/subcommand'
import { bytesStep, progressDisplay } from '../running/progress'
import { nothingKept, untilStopped } from '../running/stopped'

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

const diffOptions = pairOptions.heading('What to print:').options({
  metric: defaulting(choice(MetricName, '<name>', 'of the table'), 'relative-norm'),
  csv: flag('every number of every component as CSV, instead of the table', { conflicts: ['json'] })
})

/** `slr diff`: how far post-training moved each layer and component. */
export const diffCommand = subcommand(diffOptions, {
  async run(options, command, signal) {
    if (options.csv || options.json)
      refuseUnused(command, ['metric'], 'is of the table: --csv and --json have every measure')
    const folders = pairPaths(requirePair(options, command))
    const progress = progressDisplay(options.quiet)
    const document = await untilStopped({ signal, quiet: options.quiet }, nothingKept, () =>
      computeDistances(folders, signal, (step) => progress.update(bytesStep('comparing', step))).finally(() =>
        progress.stop()
      )
    )
    if (options.json) await printJson(document)
    else if (options.csv) await printText(csv(document))
    else await printShown(describeDistances(document, options.metric))
  }
})

function csv(document: DistancesDocument): string {
  const { header, rows } = distanceRows(document)
  return formatCsv([header, ...rows.map((row) => row.map((cell) => (cell === null ? '' : String(cell))))])
}

function describeDistances(document: DistancesDocument, metric: z.infer<typeof MetricName>): string {
  const { title, cell } = METRICS[metric]
  const { components, layers, notices, bytesRead, seconds } = document
  const columns = DISTANCE_COMPONENTS.filter((component) =>
    components.some((entry) => entry.layer !== null && entry.component === component)
  )
  const rows = layers.map((whole) => [
    String(whole.layer),
    cell(whole),
    ...columns.map((component) => {
      const entry = components.find(
        (candidate) => candidate.layer === whole.layer && candidate.component === component
      )
      return entry === undefined ? '' : cell(entry)
    }),
    whole.identical ? 'identical' : ''
  ])
  const heading = ['layer', 'whole layer', ...columns.map((component) => COMPONENT_LABELS[component]), '']
  const around = components
    .filter(({ layer }) => layer === null)
    .map((entry) => [COMPONENT_LABELS[entry.component], cell(entry), entry.identical ? 'identical' : ''])
  const identical = identicalLayers(document)
  return [
    style('bold', title),
    table([heading, ...rows], `r${'r'.repeat(columns.length + 1)}l`),
    '',
    table(around, 'lrl'),
    '',
    ...(identical.length === 0
      ? []
      : [
          `${count(identical.length)} of ${plural(layers.length, 'layer')} ${identical.length === 1 ? 'is' : 'are'} identical: ${identical.join(', ')}.`
        ]),
    ...notices.map((notice) => `note: ${printable(notice)}`),
    style('dim', `${bytes(bytesRead)} compared in ${formatDuration(seconds)}`)
  ].join('\n')
}

/** Four digits, the smallest still told from zero. */
function significant(value: number): string {
  if (value === 0) return '0'
  return value >= 1e-4 ? value.toFixed(4) : value.toExponential(1)
}

function percent(share: number): string {
  const digits = (100 * share).toFixed(2)
  return `${share > 0 && digits === '0.00' ? '<0.01' : digits} %`
}
