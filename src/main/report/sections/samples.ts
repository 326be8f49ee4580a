import type { CategoryScore } from '../../../contract/documents/crc'
import type { Report, ReportedCheck, ReportedExcerpt, ReportedSamples } from '../../../contract/documents/report'
import { describeComputation, type Variant } from '../../../contract/documents/samples'
import { nameStyle } from '../../../contract/documents/variant-styles'
import { TEXT_MEASURES } from '../../../contract/model/measures'
import { stoppedRunWords } from '../../../contract/words/answer-words'
import { formatMeasureOrDash, formatOnScale, overFewer } from '../../../contract/words/evaluation-words'
import { formatCount, formatScore, formatUtc, plural } from '../../../contract/words/format'
import { COMPARED_ANSWERS } from '../../measures/sample-measures'
import {
  type Block,
  block,
  type ReportColumn,
  emptySection,
  type Fact,
  ifAny,
  annotationBlocks,
  numberColumn,
  type Section,
  type TableCell,
  textColumn,
  variantCell
} from '../blocks'
import { preferenceBlocks } from './preferences'
import { answerFacts } from './settings-facts'

export function samplesSection({ samples, sampleRunCount }: Report): Section {
  const section = { id: 'samples', title: 'Samples' }
  if (samples.length === 0)
    return emptySection(section, 'No answers were sampled yet. Use “Generate” in Answers, Samples.')
  const hidden = sampleRunCount - samples.length
  return {
    ...section,
    blocks: [
      ...samples.flatMap(runBlocks),
      ...(hidden > 0 ? [block.note(`${plural(hidden, 'older run')} not shown.`)] : [])
    ]
  }
}

const runBlocks = (run: ReportedSamples): Block[] => [
  block.heading(`Run of ${formatUtc(run.createdAt)}`),
  ...annotationBlocks(run.annotations),
  ...diversityBlocks(run),
  ...run.preferences.flatMap((tally) => preferenceBlocks('Preferred blind', tally, run.variants)),
  excerptTable(run),
  ...run.notices.map(block.note),
  block.fold('Settings of the run', [block.facts(runFacts(run))])
]

export function diversityBlocks(run: ReportedSamples): Block[] {
  const { variants, promptCount, answerCount, settings } = run
  const total = promptCount * variants.length * settings.sampleCount
  return [
    block.paragraph(
      `${plural(promptCount, 'prompt')}, ${formatCount(answerCount)} of ${plural(total, 'answer')}. ` +
        'Means over the prompts. ' +
        `Self-BLEU and distance use a fixed subset of ${COMPARED_ANSWERS} answers if a prompt has more.`
    ),
    ...ifAny(stoppedRunWords(answerCount, total, promptCount, run.compared), block.warning),
    measuresTable(run)
  ]
}

export const variantColumns = (variants: readonly Variant[]): ReportColumn[] =>
  variants.map((variant) => ({ ...textColumn(variant.name), ...nameStyle(variants, variant) }))

function measuresTable({ variants, measures, compared }: ReportedSamples): Block {
  const columns = [
    textColumn('Variant'),
    numberColumn('n', 'answers compared per prompt'),
    ...TEXT_MEASURES.map(({ label, explain }) => numberColumn(label, explain))
  ]
  const rows = variants.map((variant, index): TableCell[] => {
    const measure = measures[index]
    return [
      variantCell(variants, variant),
      { text: formatOnScale('count', measure?.sampleCount ?? 0) },
      ...TEXT_MEASURES.map(({ id }): TableCell => {
        const fewer = overFewer(measure?.promptCounts[id], compared.prompts)
        const text = formatMeasureOrDash(id, measure?.values[id])
        return fewer === '' ? { text } : { text, detail: fewer }
      })
    ]
  })
  return block.table('Diversity of the answers', columns, rows)
}

const excerptTable = ({ variants, excerpts, promptCount }: ReportedSamples): Block =>
  block.table(
    `Answers to the first ${excerpts.length} of ${plural(promptCount, 'prompt')}, equal ones once`,
    [textColumn('Prompt'), ...variantColumns(variants)],
    excerpts.map(({ prompt, category, cells }): TableCell[] => [
      { text: prompt, ...(category === '' ? {} : { detail: category }) },
      ...cells.map(excerptCell)
    ])
  )

function excerptCell({ answerCount, distinctCount, answers }: ReportedExcerpt['cells'][number]): TableCell {
  if (answerCount === 0) return { text: 'no answers yet' }
  const hidden = distinctCount - answers.length
  return {
    text: '',
    answers: answers.map(({ text, count }) => shownAnswer(text, count, answerCount)),
    detail: `${distinctCount} of ${answerCount} distinct${hidden > 0 ? `, ${hidden} not shown` : ''}`
  }
}

/** Describes an answer for a cell. @param count how often it was given @param total number of the cell's answers */
export const shownAnswer = (text: string, count: number, total: number) => ({
  text: text.trim() === '' ? '(empty)' : text,
  count,
  share: count / total
})

export const runFacts = (run: ReportedSamples): Fact[] => [
  ['Run', run.id],
  ...answerFacts(run.settings, describeComputation(run.settings, run), run)
]

/** Compares scores of the character task from first tokens with scores from sampled full answers. */
export function checkSection({ characterCheck: check }: Report): Section {
  const section = { id: 'check', title: 'The character task on sampled answers' }
  if (check === null)
    return emptySection(
      section,
      'Nothing was sampled for it yet. “Character task” in Answers, Samples, scores sampled answers beside ' +
        'the sweep and its exact check.'
    )
  const { scores, settings, promptCount } = check
  const disagreeing = scores.filter(({ disagrees }) => disagrees).map(({ variant }) => variant)
  const label =
    `${plural(promptCount, 'prompt')}, ${plural(settings.sampleCount, 'answer')} each. ` +
    'Swept: the first token at temperature 1. ' +
    'As drawn: the first token under this sampler. A full answer is valid if it is exactly one valid character'
  return {
    ...section,
    blocks: [
      disagreeing.length === 0
        ? block.paragraph('Full answers confirm the first tokens, within sampling noise.')
        : block.warning(
            `First tokens and full answers disagree for ${disagreeing.join(', ')}, by more than sampling ` +
              'noise explains.'
          ),
      block.table(label, CHECK_COLUMNS, checkRows(check)),
      block.fold('Settings of the check', [
        block.facts([
          ['Checked', formatUtc(check.createdAt)],
          ...answerFacts(settings, describeComputation(settings, check), check)
        ])
      ])
    ]
  }
}

const CHECK_COLUMNS: ReportColumn[] = [
  textColumn('Variant'),
  numberColumn('validity', 'swept'),
  numberColumn('first token', 'as drawn'),
  numberColumn('full answers'),
  numberColumn('diversity', 'swept'),
  numberColumn('first token', 'as drawn'),
  numberColumn('full answers'),
  textColumn('agreement', 'of validity')
]

function checkRows({ variants, scores }: ReportedCheck): TableCell[][] {
  const figures = (score: (typeof scores)[number], measure: keyof CategoryScore): TableCell[] =>
    [score.exact, score.firstToken, score.answers].map((means) => ({
      text: means === null ? '–' : formatScore(means[measure])
    }))
  return scores.map((score, index) => {
    const variant = variants[index]
    return [
      variant === undefined ? { text: score.variant } : variantCell(variants, variant),
      ...figures(score, 'validity'),
      ...figures(score, 'diversity'),
      {
        text: score.disagrees ? 'disagree' : 'agree',
        detail: `noise ±${formatScore(score.tolerance)}`,
        strong: score.disagrees
      }
    ]
  })
}
