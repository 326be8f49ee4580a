import type { LineageDocument, TriageDocument } from '../../../contract/documents/lineage'
import type { Report } from '../../../contract/documents/report'
import { formatScore, formatUtc, plural } from '../../../contract/words/format'
import {
  estimateText,
  infiniteDivergenceWords,
  layersOfStage,
  lineageCellText,
  lineageFindings,
  type LineageTable,
  lineageTables,
  triageFinding
} from '../../../contract/words/lineage-words'
import { scoredByWords, scoreWords } from '../../../contract/words/score-words'
import { sourceLines } from '../../../contract/words/source-words'
import { block, type Block, numberColumn, type Section, type TableBlock, textColumn } from '../blocks'

/* Shows how scores change over a training: by its stages (lineage), or over steps of one stage (triage). */

type ComputedDocument = LineageDocument | TriageDocument

const factsBlock = ({ scoredBy, promptCount, work, device, precision, createdAt }: ComputedDocument): Block =>
  block.facts([
    ['Scored by', `${scoredByWords(scoredBy)}, ${plural(promptCount, 'prompt')}`],
    ['Computed', `${plural(work.blockEvaluations, 'block evaluation')} on ${device} in ${precision}`],
    ['Date', formatUtc(createdAt)]
  ])

const findingBlocks = ([headline = '', ...others]: readonly string[]): Block[] => [
  { kind: 'lead', text: headline },
  ...others.map(block.paragraph)
]

const tableBlock = ({ title, words, numbers, rows }: LineageTable): TableBlock =>
  block.table(
    title,
    [...words.map((label) => textColumn(label)), ...numbers.map((label) => numberColumn(label))],
    rows.map((row) => row.map((cell) => ({ text: lineageCellText(cell) })))
  )

/** Describes which stage of a training lowered diversity, and in which layers. */
export function lineageSection(lineage: LineageDocument): Section {
  const { stages, shares, scoredBy, sources } = lineage
  const tables = lineageTables(lineage)
  return {
    id: 'lineage',
    title: 'Lineage',
    blocks: [
      ...findingBlocks(lineageFindings(lineage)),
      tableBlock(tables.stages),
      ...infiniteDivergenceWords(lineage).map(block.paragraph),
      tableBlock(tables.ranges),
      ...(sources === null
        ? []
        : [
            block.heading('Best range of the last stage over all earlier stages'),
            ...sourceLines(sources, scoredBy).map(block.paragraph)
          ]),
      ...(shares.length === 0 ? [] : [tableBlock(tables.shares)]),
      {
        kind: 'chart',
        label: `Map of the ${scoreWords(scoredBy).diversity} given back by each layer, restored to the stage before`,
        chart: { kind: 'lineage-map', lineage }
      },
      ...stages.slice(1).map(({ name }): Block => ({
        kind: 'chart',
        label: `Layers of ${name}, each restored to the stage before`,
        chart: { kind: 'lineage', layers: layersOfStage(lineage, name), scoredBy }
      })),
      block.fold(tables.layers.title, [tableBlock(tables.layers)]),
      factsBlock(lineage)
    ]
  }
}

export const lineageSections = ({ lineage }: Report): Section[] => (lineage === null ? [] : [lineageSection(lineage)])

export const lineageAtAGlance = ({ lineage }: Report): Block[] =>
  lineage === null ? [] : lineageFindings(lineage).slice(0, 1).map(block.paragraph)

/** Describes the scores of the checkpoints of one training over its steps. */
export function triageSection(triage: TriageDocument): Section {
  const words = scoreWords(triage.scoredBy)
  return {
    id: 'triage',
    title: 'Checkpoints',
    blocks: [
      ...findingBlocks([triageFinding(triage)]),
      { kind: 'chart', label: 'Scores over steps, with 95 % intervals', chart: { kind: 'triage', triage } },
      block.table(
        'Checkpoints, with 95 % intervals of the change since the first',
        [
          textColumn('checkpoint'),
          ...['step', words.validity, words.diversity, words.choices].map((label) => numberColumn(label)),
          numberColumn(`change of ${words.diversity}`)
        ],
        triage.checkpoints.map(({ name, step, validity, diversity, effectiveChoices, change }) => [
          { text: name },
          { text: String(step) },
          ...[validity, diversity, effectiveChoices].map(({ difference }) => ({
            text: formatScore(difference)
          })),
          { text: estimateText(change) }
        ])
      ),
      factsBlock(triage)
    ]
  }
}
