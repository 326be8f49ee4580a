import type { LineageDocument, TriageDocument } from '../../../contract/documents/lineage'
import { formatPercent, formatScore, formatUtc, plural, rangeLabel } from '../../../contract/words/format'
import {
  estimateText,
  infiniteDivergenceWords,
  layersOfStage,
  lineageFindings,
  triageFinding
} from '../../../contract/words/lineage-words'
import { scoredByWords, scoreWords } from '../../../contract/words/score-words'
import { sourceLines } from '../../../contract/words/source-words'
import { block, type Block, DASH, numberColumn, type Section, textColumn } from '../blocks'
import { documentPage } from '../page'

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

/** Describes which stage of a training lowered diversity, and in which layers. */
export function lineageSection(lineage: LineageDocument): Section {
  const words = scoreWords(lineage.scoredBy)
  const { stages, ranges, rho, scoredBy, sources } = lineage
  const later = stages.slice(1).map(({ name }) => ({ name, layers: layersOfStage(lineage, name) }))
  return {
    id: 'lineage',
    title: 'Stages',
    blocks: [
      ...findingBlocks(lineageFindings(lineage)),
      block.table(
        'Stages in the order of the training',
        [
          textColumn('stage'),
          ...[words.validity, words.diversity, words.choices].map((label) => numberColumn(label)),
          numberColumn('KL to the first', 'nats, over listed answers')
        ],
        stages.map(({ name, validity, diversity, effectiveChoices, klToBase }) => [
          { text: name },
          { text: formatScore(validity) },
          { text: formatScore(diversity) },
          { text: effectiveChoices.toFixed(1) },
          { text: klToBase?.toFixed(3) ?? 'infinite' }
        ])
      ),
      ...infiniteDivergenceWords(lineage).map(block.paragraph),
      block.table(
        `Best range of each stage that keeps ${formatPercent(rho)} of its ${words.validity}`,
        [
          ...['stage', 'restored to', 'layers'].map((label) => textColumn(label)),
          ...[words.validity, words.diversity].map((label) => numberColumn(label))
        ],
        ranges.map(({ stage, against, best }) => [
          { text: stage },
          { text: against },
          ...(best === null
            ? [{ text: 'none' }, DASH, DASH]
            : [{ text: rangeLabel(best) }, { text: formatScore(best.validity) }, { text: formatScore(best.diversity) }])
        ])
      ),
      ...(sources === null
        ? []
        : [
            block.heading('Best range of the last stage over all earlier stages'),
            ...sourceLines(sources, scoredBy).map(block.paragraph)
          ]),
      ...sharesTable(lineage),
      ...later.map(({ name, layers }): Block => ({
        kind: 'chart',
        label: `Layers of ${name}, each restored to the stage before`,
        chart: { kind: 'lineage', layers, scoredBy }
      })),
      layersTable(lineage),
      factsBlock(lineage)
    ]
  }
}

function sharesTable({ shares, scoredBy }: LineageDocument): Block[] {
  if (shares.length === 0) return []
  const words = scoreWords(scoredBy)
  return [
    block.table(
      'Shapley shares of the stages in the change of the last one, with 95 % intervals',
      [textColumn('layers'), textColumn('stage'), numberColumn(words.diversity), numberColumn(words.validity)],
      shares.map(({ stage, diversity, validity, ...range }) => [
        { text: rangeLabel(range) },
        { text: stage },
        { text: estimateText(diversity) },
        { text: estimateText(validity) }
      ])
    )
  ]
}

function layersTable(lineage: LineageDocument): Block {
  const { stages, scoredBy } = lineage
  const words = scoreWords(scoredBy)
  return block.table(
    'Layers, each restored to the stage before, with 95 % intervals',
    [
      textColumn('stage'),
      numberColumn('layer'),
      numberColumn('change of weights'),
      numberColumn(`${words.diversity} given back`),
      numberColumn(`change of ${words.validity}`)
    ],
    stages
      .slice(1)
      .flatMap(({ name }) =>
        layersOfStage(lineage, name).map(({ layer, distance, diversity, validity }) => [
          { text: name },
          { text: String(layer) },
          distance === null ? DASH : { text: distance.toPrecision(3) },
          { text: estimateText(diversity) },
          { text: estimateText(validity) }
        ])
      )
  )
}

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

/** Writes a section as a page of its own. */
export const sectionPage = (section: Section, { createdAt, programVersion }: ComputedDocument): string =>
  documentPage(
    {
      title: section.title,
      subtitle: `Selective Layer Restoration · ${formatUtc(createdAt)} · SLR Workbench ${programVersion}`
    },
    [section]
  )
