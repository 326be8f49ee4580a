import { changedShare, COMPONENT_LABELS, type Distance } from '../../../contract/documents/distances'
import { capitalised, formatPercent, formatUtc, plural } from '../../../contract/words/format'
import { CHECKPOINT_FACTS } from '../../../contract/words/checkpoint-facts'
import type { Report, ReportedCheckpoint } from '../../../contract/documents/report'
import {
  type Block,
  block,
  emptySection,
  notesBlocks,
  numberColumn,
  type Section,
  type TableCell,
  textColumn
} from '../blocks'
import { originFacts } from './settings-facts'

export function pairSection({ pair, notes }: Report): Section {
  const section = { id: 'pair', title: 'The pair' }
  if (pair === null) {
    const text = 'The models could not be read when this report was written. The results below are stored results.'
    return { ...section, blocks: [block.paragraph(text), ...notesBlocks(notes)] }
  }
  const members = [pair.base, pair.post]
  return {
    ...section,
    blocks: [
      ...notesBlocks(notes),
      block.table(
        'The two models',
        [
          textColumn('Model'),
          { ...textColumn(pair.base.name, 'base'), tone: 'base' },
          { ...textColumn(pair.post.name, 'post'), tone: 'post' }
        ],
        FACTS.map(([name, value]): TableCell[] => [
          { text: capitalised(name) },
          ...members.map((member): TableCell => ({ text: value(member) }))
        ])
      ),
      ...pair.findings.map(({ severity, message }) =>
        severity === 'note' ? block.note(message) : block.warning(message)
      ),
      ...hashes(pair.base, 'base'),
      ...hashes(pair.post, 'post')
    ]
  }
}

const FACTS: readonly (readonly [string, (model: ReportedCheckpoint) => string])[] = [
  ...CHECKPOINT_FACTS,
  ['fingerprint', ({ fingerprint }) => fingerprint],
  ['SHA-256', ({ sha256 }) => (sha256 === null ? 'not computed' : 'below')]
]

function hashes({ sha256 }: ReportedCheckpoint, member: 'base' | 'post'): Block[] {
  if (sha256 === null) return []
  const label = `SHA-256 of the files of ${member}`
  const rows = Object.entries(sha256).map(([name, hash]): TableCell[] => [{ text: name }, { text: hash }])
  return [block.fold(label, [block.table(label, [textColumn('File'), textColumn('SHA-256')], rows)])]
}

export function distancesSection({ distances }: Report): Section {
  const section = { id: 'distances', title: 'How far post-training moved each layer' }
  if (distances === null) return emptySection(section, 'Not computed yet. Use “Compare the layers” in Models.')
  const { layers, components } = distances
  const outsideLayers = components.filter(({ layer }) => layer === null)
  const columns = [
    textColumn('Part'),
    numberColumn('relative norm', '‖post − base‖ / ‖base‖'),
    numberColumn('cosine'),
    numberColumn('changed weights')
  ]
  const rows: TableCell[][] = [
    ...layers.map((layer): TableCell[] => [
      { text: `Layer ${layer.layer}`, ...(layer.identical ? { detail: 'identical' } : {}) },
      ...distanceCells(layer)
    ]),
    ...outsideLayers.map((part): TableCell[] => [{ text: COMPONENT_LABELS[part.component] }, ...distanceCells(part)])
  ]
  return {
    ...section,
    blocks: [
      {
        kind: 'chart',
        label: `Relative norm of the difference of each of ${plural(layers.length, 'layer')}, ‖post − base‖ / ‖base‖.`,
        chart: { kind: 'layers', layers }
      },
      block.fold('Numbers of every layer', [block.table(section.title, columns, rows)]),
      ...distances.notices.map(block.note),
      block.facts([['Computed', formatUtc(distances.createdAt)], ...originFacts(distances.origin)])
    ]
  }
}

function distanceCells(distance: Distance): TableCell[] {
  const { relativeNorm, cosine } = distance
  return [
    { text: relativeNorm === null ? '–' : relativeNorm.toPrecision(4) },
    { text: cosine === null ? '–' : cosine.toFixed(6) },
    { text: formatPercent(changedShare(distance)) }
  ]
}
