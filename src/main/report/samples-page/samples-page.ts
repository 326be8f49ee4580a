import { runNotices } from '../../../contract/words/run-notices'
import { NO_ANNOTATIONS } from '../../../contract/documents/history'
import type { ReportedSamples } from '../../../contract/documents/report'
import { isCounted, type SampleLine, type SampleMeasures, SampleRun } from '../../../contract/documents/samples'
import { TEXT_MEASURES } from '../../../contract/model/measures'
import { formatMeasure, formatMeasureOrDash } from '../../../contract/words/evaluation-words'
import { plural } from '../../../contract/words/format'
import { uncountedWords } from '../../../contract/words/uncounted-words'
import { measureRun } from '../../measures/host'
import { type SampleCell, sampleCells } from '../../measures/run-measures'
import { countAnswers } from '../../measures/texts/distinct-answers'
import { block, type Section, type TableCell, textColumn } from '../blocks'
import { documentPage } from '../page'
import { reportedOrigin, reportedSamples } from '../reported-samples'
import { preferenceBlocks } from '../sections/preferences'
import { diversityBlocks, runFacts, shownAnswer, variantColumns } from '../sections/samples'
import { withoutFolders } from '../shown-command'
import { printSample } from './sample-command'

/** Writes a sample run as one HTML page to share, with every answer, and the command that repeats the run. */
export async function samplesPage(run: SampleRun, samples: readonly SampleLine[]): Promise<string> {
  const measures = await measureRun(run, samples)
  const cells = sampleCells(run, samples)
  const variants = SampleRun.shape.variants.parse(withoutFolders(run.variants))
  const origin = reportedOrigin(run, [])
  const { notices } = run
  const reported = reportedSamples(run, samples, measures, { variants, origin, annotations: NO_ANNOTATIONS, notices })
  const preferences = reported.preferences.flatMap((tally) => preferenceBlocks('Preferred blind', tally, variants))
  const answerCount = run.prompts.length * variants.length * run.settings.sampleCount
  const head = {
    title: `Samples of ${variants.map(({ name }) => name).join(', ')}`,
    subtitle:
      `${origin.base.name} and ${origin.post.name} · ${plural(run.prompts.length, 'prompt')} · ` +
      `${samples.length} of ${plural(answerCount, 'answer')} · ${run.createdAt}`
  }
  const rows = run.prompts.map((prompt, index): TableCell[] => {
    // Cells and measures are ordered by prompt and then by variant.
    const first = index * variants.length
    const promptCells = cells.slice(first, first + variants.length)
    return [
      promptCell(prompt),
      ...promptCells.map((cell, variant) => answersCell(run, cell, measures.cells[first + variant]?.measures))
    ]
  })
  return documentPage(head, [
    { id: 'diversity', title: 'Diversity', blocks: diversityBlocks(reported) },
    ...(run.marks.length === 0 ? [] : [{ id: 'preferences', title: 'Preferences', blocks: preferences }]),
    {
      id: 'answers',
      title: 'Answers',
      blocks: [
        block.paragraph(
          'Equal answers are shown once with their count. Case, outer white space and a final mark do not count. ' +
            'A bar is the share of a cell.'
        ),
        block.table('Answers', [textColumn('Prompt'), ...variantColumns(variants)], rows)
      ]
    },
    ...settingsSections(run, reported)
  ])
}

function settingsSections(run: SampleRun, reported: ReportedSamples): Section[] {
  const { command, files } = printSample(run)
  return [
    {
      id: 'settings',
      title: 'Settings',
      blocks: [
        block.facts([...runFacts(reported), ['Stop tokens', run.stopTokens.join(', ') || 'none']]),
        ...runNotices(run).map(block.note)
      ]
    },
    {
      id: 'repeat',
      title: 'Repeat it',
      blocks: [
        block.paragraph(
          'The command needs the files below, and the models in folders of these names. ' +
            'Near-ties may fall otherwise on another processor.'
        ),
        block.code(command),
        ...files.map(({ name, content }) => block.fold(name, [block.code(content)]))
      ]
    }
  ]
}

function promptCell({ text, category, raw, system, tokens, rendered }: SampleRun['prompts'][number]): TableCell {
  const details = [
    category,
    ...(raw ? ['continued without the chat template'] : []),
    ...(system === undefined ? [] : [`System: ${system}`])
  ].filter((detail) => detail !== '')
  return {
    text,
    ...(details.length > 0 && { detail: details.join('\n') }),
    more: { summary: plural(tokens.length, 'token'), text: rendered }
  }
}

function answersCell(
  { marks }: SampleRun,
  { prompt, variant, samples }: SampleCell,
  measures: SampleMeasures | undefined
): TableCell {
  if (samples.length === 0 || measures === undefined) return { text: 'no answers yet' }
  const votes = marks.filter(
    (mark) => mark.prompt === prompt && mark.verdict !== 'skipped' && mark.among.includes(variant)
  )
  const won = votes.filter((mark) => mark.verdict === 'preferred' && mark.variant === variant)
  const counted = samples.filter(isCounted)
  const cutOff = counted.filter(({ finish }) => finish === 'length').length
  const details = [
    ...(counted.length === 0
      ? []
      : [`${formatMeasureOrDash('distinctAnswers', measures.values.distinctAnswers)} of ${counted.length} distinct`]),
    ...TEXT_MEASURES.flatMap(({ id, label }) => {
      const value = measures.values[id]
      return id === 'distinctAnswers' || value === undefined ? [] : [`${label} ${formatMeasure(id, value)}`]
    }),
    ...(cutOff === 0 ? [] : [`${cutOff} cut off`]),
    ...uncountedWords(samples.map(({ finish }) => finish)),
    ...(votes.length === 0 ? [] : [`preferred in ${won.length} of ${votes.length}`])
  ]
  const answers = countAnswers(counted.map(({ text }) => text)).map(({ text, count }) =>
    shownAnswer(text, count, counted.length)
  )
  return { text: '', answers, detail: details.join(' · ') }
}
