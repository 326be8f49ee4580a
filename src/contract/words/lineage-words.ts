import type { MeanDifference, LineageDocument, LineageLayer, TriageDocument } from '../documents/lineage'
import { elementAt } from '../model/look-up'
import { rangesFromText } from '../model/recipe'
import { formatDelta, formatDeltas, formatEnd, formatPercent, formatScore, rangeLabel, rangePhrase } from './format'
import { samplerWords } from './sampler-words'
import { scoreWords } from './score-words'

export const estimateText = ({ difference, interval }: MeanDifference): string =>
  `${formatEnd(difference, formatDelta)} (${formatDeltas(interval)})`

/** Returns each stage after the first, with the stage directly before it. */
const transitions = ({ stages }: LineageDocument) =>
  stages.slice(1).map((stage, index) => ({ stage, before: elementAt(stages, index, 'stage') }))

/** Lists the layers of a stage, compared with the stage directly before it. */
export const layersOfStage = (lineage: LineageDocument, stage: string): LineageLayer[] => {
  const before = transitions(lineage).find((each) => each.stage.name === stage)?.before.name
  return lineage.layers.filter((layer) => layer.stage === stage && layer.against === before)
}

/** Names the stages whose divergence from the first is infinite, with the reason. */
export function infiniteDivergenceWords({ stages, scoredBy }: LineageDocument): string[] {
  const first = elementAt(stages, 0, 'stage').name
  const infinite = stages.filter(({ klToBase }) => klToBase === null).map(({ name }) => name)
  if (infinite.length === 0) return []
  const sampler = scoredBy.kind === 'crc' ? '' : ` at ${samplerWords(scoredBy.sampling)}`
  return [
    `KL to ${first} is infinite for ${infinite.join(' and ')}: they give answers that ${first} never gives${sampler}.`
  ]
}

/** States which stage lowered diversity most, and in which layers. The first sentence is the headline. */
export function lineageFindings(lineage: LineageDocument): string[] {
  const words = scoreWords(lineage.scoredBy)
  const fall = ({ stage, before }: ReturnType<typeof transitions>[number]): number => before.diversity - stage.diversity
  const worst = transitions(lineage).reduce((a, b) => (fall(b) > fall(a) ? b : a))
  if (fall(worst) <= 0) return [`No stage lowered ${words.diversity}.`]
  const { stage, before } = worst
  const best = lineage.ranges.find((range) => range.stage === stage.name && range.against === before.name)?.best
  const layers = layersOfStage(lineage, stage.name)
  const strongest = layers.reduce((a, b) => (b.diversity.difference > a.diversity.difference ? b : a))
  return [
    `Most ${words.diversity} was lost from ${before.name} to ${stage.name}: ` +
      `${formatScore(before.diversity)} to ${formatScore(stage.diversity)}.`,
    best === null || best === undefined
      ? `No range of ${stage.name} gives ${words.diversity} back at enough ${words.validity}.`
      : `Best range in ${stage.name}: ${rangePhrase(best)} of ${before.name}, with ${words.diversity} ` +
        `${formatScore(best.diversity)} at ${words.validity} ${formatScore(best.validity)}.`,
    `Of single layers, layer ${strongest.layer} gives back most: ${estimateText(strongest.diversity)}.`,
    ...transitions(lineage).flatMap((each) => changedLayersWords(lineage, each.stage.name))
  ]
}

/** Names the layers that a stage changed, if it did not change all layers. */
function changedLayersWords(lineage: LineageDocument, stage: string): string[] {
  const layers = layersOfStage(lineage, stage)
  const changed = layers.filter(({ distance }) => distance !== 0)
  if (changed.length === 0) return [`${stage} changed no layer.`]
  if (changed.length === layers.length) return []
  const ranges = rangesFromText(changed.map(({ layer }) => layer).join())
  if (ranges === null) throw new Error(`a lineage with a layer of ${stage} twice`)
  const labels = ranges.map(([start, end]) => rangeLabel({ start, end })).join(', ')
  return [`${stage} changed only ${changed.length === 1 ? 'layer' : 'layers'} ${labels}.`]
}

/** Formats the distance of a layer's weights from the stage before. */
export const formatDistance = (distance: number): string => distance.toPrecision(3)

/** A table of a lineage, for the window, the command line and reports. */
export interface LineageTable {
  readonly title: string
  /** Headings of the columns with words, which come before the columns with numbers. */
  readonly words: readonly string[]
  readonly numbers: readonly string[]
  readonly rows: readonly (readonly LineageCell[])[]
}

export type LineageCell = string | number | null | MeanDifference

export function lineageCellText(cell: LineageCell): string {
  if (cell === null) return '–'
  if (typeof cell === 'string') return cell
  return typeof cell === 'number' ? formatScore(cell) : estimateText(cell)
}

/** Lists the stages, the best range of each two, the shares of the stages, and the layers. */
export function lineageTables(
  lineage: LineageDocument
): Record<'stages' | 'ranges' | 'shares' | 'layers', LineageTable> {
  const { stages, ranges, shares, rho } = lineage
  const { validity, diversity, choices } = scoreWords(lineage.scoredBy)
  return {
    stages: {
      title: 'Stages in the order of the training',
      words: ['stage'],
      numbers: [validity, diversity, choices, 'KL to the first, in nats'],
      rows: stages.map(({ name, validity, diversity, effectiveChoices, klToBase }) => {
        return [name, validity, diversity, effectiveChoices, klToBase ?? 'infinite']
      })
    },
    ranges: {
      title: `Best range of each stage that keeps ${formatPercent(rho)} of its ${validity}`,
      words: ['stage', 'restored to', 'layers'],
      numbers: [validity, diversity],
      rows: ranges.map(({ stage, against, best }) =>
        best === null
          ? [stage, against, 'none', null, null]
          : [stage, against, rangeLabel(best), best.validity, best.diversity]
      )
    },
    shares: {
      title: 'Shapley shares of the stages in the change of the last one, with 95 % intervals',
      words: ['layers', 'stage'],
      numbers: [diversity, validity],
      rows: shares.map((share) => [rangeLabel(share), share.stage, share.diversity, share.validity])
    },
    layers: {
      title: 'Layers, each restored to the stage before, with 95 % intervals',
      words: ['stage', 'layer'],
      numbers: ['change of weights', `${diversity} given back`, `change of ${validity}`],
      rows: transitions(lineage).flatMap(({ stage: { name } }) =>
        layersOfStage(lineage, name).map(({ layer, distance, diversity, validity }) => {
          // A distance of 0 is formatted as a score.
          const distanceCell = distance === null || distance === 0 ? distance : formatDistance(distance)
          return [name, String(layer), distanceCell, diversity, validity]
        })
      )
    }
  }
}

/** States whether the checkpoints of a training lose diversity. */
export function triageFinding({ checkpoints, scoredBy }: TriageDocument): string {
  const { diversity } = scoreWords(scoredBy)
  const first = elementAt(checkpoints, 0, 'checkpoint')
  const last = elementAt(checkpoints, checkpoints.length - 1, 'checkpoint')
  const change = `${formatScore(first.diversity.difference)} to ${formatScore(last.diversity.difference)}`
  const [low, high] = last.change.interval
  const verb = high < 0 ? 'falls' : low > 0 ? 'rises' : 'does not change clearly'
  return `From ${first.name} to ${last.name}, ${diversity} ${verb}: ${change}, ${estimateText(last.change)}.`
}
