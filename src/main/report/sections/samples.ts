import { samplingBaselineWork } from '../../../contract/model/sampling-baseline'
import { formatMeasureOrDash, formatOnScale, overFewer } from '../../../contract/words/evaluation-words'
import { stoppedRunWords } from '../../../contract/words/answer-words'
import { TEXT_MEASURES } from '../../../contract/model/measures'
import type { CategoryScore } from '../../../contract/documents/crc'
import { formatCount, formatScore, formatUtc, plural } from '../../../contract/words/format'
import type {
  Report,
  ReportedCheck,
  ReportedExcerpt,
  ReportedSamples
} from '../../../contract/documents/report'
import { describeExternal } from '../../../contract/model/external-model'
import { describeComputation, type Variant } from '../../../contract/documents/samples'
import { nameStyle } from '../../../contract/documents/variant-styles'
import { COMPARED_ANSWERS } from '../../measures/sample-measures'
import { endingFacts, renderingFacts, samplingFacts } from '../samples-page/settings-facts'
import type { Block, TableCell, Column, Section } from '../blocks'
import { emptySection, fold, markBlocks, numberColumn, paragraph, textColumn } from '../blocks'
import { originFacts } from './origin'
import { preferenceBlocks } from './preferences'
import { describeRecipe } from './recipes'

/** Answers to open prompts, side by side. */
export function samplesSection({ samples, sampleRunCount }: Report): Section {
  const section = { id: 'samples', title: 'Samples' }
  if (samples.length === 0)
    return emptySection(section, 'No answers were sampled yet: “Generate” in Answers, Samples, does it.')
  const left = sampleRunCount - samples.length
  return {
    ...section,
    blocks: [
      ...samples.flatMap(runBlocks),
      ...(left > 0 ? [{ kind: 'note', text: `${plural(left, 'older run')} not shown.` } as const] : [])
    ]
  }
}

function runBlocks(run: ReportedSamples): Block[] {
  const { variants, promptCount, answerCount, settings } = run
  const total = promptCount * variants.length * settings.sampleCount
  const stopped = stoppedRunWords(answerCount, total, promptCount, run.compared)
  return [
    { kind: 'heading', text: `Run of ${formatUtc(run.createdAt)}` },
    ...markBlocks(run.runMarks),
    paragraph(
      `${plural(promptCount, 'prompt')}, ${formatCount(answerCount)} of ${plural(total, 'answer')}. Means over the prompts; ` +
        `self-BLEU and distance look at a fixed subset of ${COMPARED_ANSWERS} answers where a prompt has more.`
    ),
    ...(stopped === null ? [] : [{ kind: 'warning', text: stopped } as const]),
    measuresTable(run),
    ...run.preferences.flatMap((tally) => preferenceBlocks('Preferred blind', tally, run.variants)),
    excerptTable(run),
    ...run.notices.map((text): Block => ({ kind: 'note', text })),
    fold('Settings of the run', [{ kind: 'facts', facts: runFacts(run) }])
  ]
}

const nameCell = (variants: readonly Variant[], variant: Variant): TableCell => ({
  text: variant.name,
  ...nameStyle(variants, variant)
})
const nameColumns = (variants: readonly Variant[]): Column[] =>
  variants.map((variant) => ({ ...textColumn(variant.name), ...nameStyle(variants, variant) }))

function measuresTable({ variants, measures, compared }: ReportedSamples): Block {
  return {
    kind: 'table',
    label: 'Diversity of the answers',
    columns: [
      textColumn('Variant'),
      numberColumn('n', 'answers compared per prompt'),
      ...TEXT_MEASURES.map(({ label, explain }) => numberColumn(label, explain))
    ],
    rows: variants.map((variant, index): TableCell[] => {
      const measure = measures[index]
      return [
        nameCell(variants, variant),
        { text: formatOnScale('count', measure?.sampleCount ?? 0) },
        ...TEXT_MEASURES.map(({ id }): TableCell => {
          const fewer = overFewer(measure?.promptCounts[id], compared.prompts)
          const text = formatMeasureOrDash(id, measure?.values[id])
          return fewer === '' ? { text } : { text, detail: fewer }
        })
      ]
    })
  }
}

function excerptTable({ variants, excerpts, promptCount }: ReportedSamples): Block {
  const label = `Answers to the first ${excerpts.length} of ${plural(promptCount, 'prompt')}, equal ones once`
  return {
    kind: 'table',
    label,
    columns: [textColumn('Prompt'), ...nameColumns(variants)],
    rows: excerpts.map(({ prompt, category, cells }): TableCell[] => [
      { text: prompt, ...(category === '' ? {} : { detail: category }) },
      ...cells.map(excerptCell)
    ])
  }
}

function excerptCell({ answerCount, distinctCount, answers }: ReportedExcerpt['cells'][number]): TableCell {
  if (answerCount === 0) return { text: 'no answers yet' }
  const shown = answers.map(({ text, count }) => `${count}× ${text.trim() === '' ? '(empty)' : text}`)
  const more = distinctCount - answers.length
  return {
    text: shown.join('\n'),
    detail: `${distinctCount} of ${answerCount} distinct${more > 0 ? `, ${more} not shown` : ''}`
  }
}

function runFacts(run: ReportedSamples): [string, string][] {
  return [
    ['Run', run.id],
    ...samplingFacts(run.settings.sampling),
    ...endingFacts(run.settings),
    ['Answers per prompt', String(run.settings.sampleCount)],
    ['Seed', String(run.settings.seed)],
    ['Computed', describeComputation(run.settings, run)],
    ...variantFacts(run.variants),
    ...renderingFacts(run.rendering),
    ...originFacts(run.origin)
  ]
}

/** What the variants are, beside base and post. */
export function variantFacts(variants: readonly Variant[]): [string, string][] {
  return variants.flatMap((variant): [string, string][] => {
    switch (variant.kind) {
      case 'base':
      case 'post':
        return []
      case 'recipe':
        return [[variant.name, describeRecipe(variant.recipe)]]
      case 'checkpoint':
        return [[variant.name, `the checkpoint ${variant.path}, fingerprint ${variant.fingerprint}`]]
      case 'baseline':
        return [[variant.name, samplingBaselineWork(variant.baseline)]]
      case 'endpoint':
      case 'file':
        return [[variant.name, describeExternal(variant)]]
    }
  })
}

/** The character task scored from whole answers, beside what the first tokens promise. */
export function checkSection({ characterCheck }: Report): Section {
  const section = { id: 'check', title: 'The character task on sampled answers' }
  if (characterCheck === null)
    return emptySection(
      section,
      'Nothing was sampled for it yet: “Character task” in Answers, Samples, scores answers that are drawn, beside the sweep and its exact check.'
    )
  const { scores, settings, promptCount } = characterCheck
  const disagreeing = scores.filter(({ disagrees }) => disagrees).map(({ variant }) => variant)
  return {
    ...section,
    blocks: [
      disagreeing.length === 0
        ? paragraph('Whole answers confirm the first tokens, within sampling noise.')
        : {
            kind: 'warning',
            text: `First tokens and whole answers disagree for ${disagreeing.join(', ')}, by more than sampling noise explains.`
          },
      {
        kind: 'table',
        label:
          `${plural(promptCount, 'prompt')}, ${plural(settings.sampleCount, 'answer')} each. Swept: the first token at temperature 1; as drawn: ` +
          'the first token under this sampler; a whole answer is valid when it is exactly one valid character',
        columns: CHECK_COLUMNS,
        rows: checkRows(characterCheck)
      },
      fold('Settings of the check', [
        {
          kind: 'facts',
          facts: [
            ['Checked', formatUtc(characterCheck.createdAt)],
            ...samplingFacts(settings.sampling),
            ...endingFacts(settings),
            ['Seed', String(settings.seed)],
            ['Computed', describeComputation(settings, characterCheck)],
            ...variantFacts(characterCheck.variants),
            ...renderingFacts(characterCheck.rendering),
            ...originFacts(characterCheck.origin)
          ]
        }
      ])
    ]
  }
}

const CHECK_COLUMNS: Column[] = [
  textColumn('Variant'),
  numberColumn('validity', 'swept'),
  numberColumn('first token', 'as drawn'),
  numberColumn('whole answers'),
  numberColumn('diversity', 'swept'),
  numberColumn('first token', 'as drawn'),
  numberColumn('whole answers'),
  textColumn('agreement', 'of validity')
]

function checkRows({ variants, scores }: ReportedCheck): TableCell[][] {
  const figures = (score: (typeof scores)[number], measure: keyof CategoryScore): TableCell[] =>
    [score.exact, score.firstToken, score.answers].map((of) => ({
      text: of === null ? '–' : formatScore(of[measure])
    }))
  return scores.map((score, index) => {
    const variant = variants[index]
    return [
      variant === undefined ? { text: score.variant } : nameCell(variants, variant),
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
