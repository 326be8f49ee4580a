import type { SampleExportFormat, SampleLine, SampleRun } from '../../../contract/documents/samples'
import { mapGet } from '../../../contract/model/look-up'
import { spreadsheetText } from '../../../contract/words/spreadsheet-text'
import { formatCsv } from '../../base/csv'
import { samplesPage } from './samples-page'
import type { PreferenceExportFormat } from '../../../contract/documents/preferences'
import { formatJson } from '../../base/files/json-format'
import { preferenceTallies } from '../../measures/preferences'

interface TextFile {
  fileName: string
  content: string
}

const WRITERS: Record<
  SampleExportFormat,
  (run: SampleRun, samples: readonly SampleLine[]) => string | Promise<string>
> = {
  jsonl: jsonLines,
  csv: spreadsheet,
  html: samplesPage
}

/**
 * Exports a run's answers as a file, sorted by prompt, variant and index.
 * - `jsonl`: one stored answer a line, with its prompt's text and category. `compared` counts the decided blind
 *   comparisons that showed the answer, alone or in a set. `preferred` counts the comparisons that its variant won.
 * - `csv`: the same fields for spreadsheets, RFC 4180 with a header (see {@link spreadsheetText}).
 * - `html`: one page without other files.
 */
export async function exportSamples(
  run: SampleRun,
  samples: readonly SampleLine[],
  format: SampleExportFormat
): Promise<TextFile> {
  const content = await WRITERS[format](run, inOrder(run, samples))
  return { fileName: `samples-${run.id}.${format}`, content }
}

export function inOrder({ variants }: Pick<SampleRun, 'variants'>, samples: readonly SampleLine[]): SampleLine[] {
  const indices = new Map(variants.map(({ name }, index) => [name, index]))
  const indexOf = ({ variant }: SampleLine): number => mapGet(indices, variant, 'variant')
  return samples.toSorted((a, b) => a.prompt - b.prompt || indexOf(a) - indexOf(b) || a.index - b.index)
}

function jsonLines(run: SampleRun, samples: readonly SampleLine[]): string {
  const preferencesOf = preferences(run)
  return samples
    .map((sample) => `${JSON.stringify({ ...sample, ...promptOf(run, sample), ...preferencesOf(sample) })}\n`)
    .join('')
}

function spreadsheet(run: SampleRun, samples: readonly SampleLine[]): string {
  const header = [
    'prompt',
    'promptText',
    'category',
    'variant',
    'index',
    'text',
    'tokenCount',
    'finish',
    'compared',
    'preferred'
  ]
  const preferencesOf = preferences(run)
  const records = samples.map((sample) => {
    const { promptText, category } = promptOf(run, sample)
    const { compared, preferred } = preferencesOf(sample)
    return [
      String(sample.prompt),
      spreadsheetText(promptText),
      spreadsheetText(category),
      spreadsheetText(sample.variant),
      String(sample.index),
      spreadsheetText(sample.text),
      String(sample.tokens.length),
      sample.finish,
      String(compared),
      String(preferred)
    ]
  })
  // Excel reads UTF-8 only with a byte order mark.
  return `\uFEFF${formatCsv([header, ...records])}`
}

/** Returns a function that counts the decided comparisons with an answer, and those that the answer's variant won. */
function preferences({ marks: votes }: SampleRun): (sample: SampleLine) => { compared: number; preferred: number } {
  const counts = new Map<string, { compared: number; preferred: number }>()
  const keyOf = (variant: string, prompt: number, index: number): string => JSON.stringify([variant, prompt, index])
  for (const vote of votes) {
    if (vote.verdict === 'skipped') continue
    for (const variant of vote.among) {
      const won = vote.verdict === 'preferred' && vote.variant === variant
      for (let index = vote.index; index < vote.index + vote.size; index++) {
        const key = keyOf(variant, vote.prompt, index)
        const { compared, preferred } = counts.get(key) ?? { compared: 0, preferred: 0 }
        counts.set(key, { compared: compared + 1, preferred: preferred + Number(won) })
      }
    }
  }
  return ({ variant, prompt, index }) => counts.get(keyOf(variant, prompt, index)) ?? { compared: 0, preferred: 0 }
}

export function promptOf(
  run: { readonly prompts: readonly { readonly text: string; readonly category: string }[] },
  sample: SampleLine
): { promptText: string; category: string } {
  const prompt = run.prompts[sample.prompt]
  return { promptText: prompt?.text ?? '', category: prompt?.category ?? '' }
}

/** Exports the blind comparisons of a run in their order, as `json` with tallies or as `csv`. */
export function exportPreferences(run: SampleRun, format: PreferenceExportFormat): TextFile {
  const fileName = `preferences-${run.id}.${format}`
  const comparisons = run.marks.map((vote) => ({ ...vote, promptText: run.prompts[vote.prompt]?.text ?? '' }))
  if (format === 'json') {
    const tallies = preferenceTallies(run.marks, run.variants)
    return { fileName, content: formatJson({ runId: run.id, seed: run.settings.seed, tallies, comparisons }) }
  }
  const records = comparisons.map((vote) => [
    String(vote.prompt),
    spreadsheetText(vote.promptText),
    String(vote.index),
    String(vote.size),
    spreadsheetText(vote.among.join(' | ')),
    vote.verdict,
    spreadsheetText(vote.verdict === 'preferred' ? vote.variant : '')
  ])
  const header = ['prompt', 'promptText', 'firstAnswer', 'answers', 'shown', 'verdict', 'preferred']
  return { fileName, content: `\uFEFF${formatCsv([header, ...records])}` }
}
