import type { SampleExportFormat, SampleLine, SampleRun } from '../../../contract/documents/samples'
import { mapGet } from '../../../contract/model/look-up'
import { spreadsheetText } from '../../../contract/words/spreadsheet-text'
import { formatCsv } from '../../base/csv'
import { samplesPage } from './samples-page'

/** A file to save. */
export interface TextFile {
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
 * A run's answers as a file, sorted by prompt, variant and index:
 * - `jsonl`: an answer a line, as samples are stored, with its prompt's text and category; `compared`, in how many decided blind
 *   comparisons it was shown, by itself or in a set, and `preferred`, how many of them its variant won;
 * - `csv`: the same, RFC 4180 with a header, for spreadsheets (see {@link spreadsheetText});
 * - `html`: a page to share that needs nothing else.
 */
export async function exportSamples(
  run: SampleRun,
  samples: readonly SampleLine[],
  format: SampleExportFormat
): Promise<TextFile> {
  const content = await WRITERS[format](run, inOrder(run, samples))
  return { fileName: `samples-${run.id}.${format}`, content }
}

/** Answers by prompt, variant and index. */
export function inOrder(
  { variants }: Pick<SampleRun, 'variants'>,
  samples: readonly SampleLine[]
): SampleLine[] {
  const places = new Map(variants.map(({ name }, index) => [name, index]))
  const placeOf = ({ variant }: SampleLine): number => mapGet(places, variant, 'variant')
  return samples.toSorted((a, b) => a.prompt - b.prompt || placeOf(a) - placeOf(b) || a.index - b.index)
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
  // Without the mark Excel takes UTF-8 for the machine's old code page.
  return `\uFEFF${formatCsv([header, ...records])}`
}

/** Of an answer, in how many decided comparisons it was shown, and how many of them its variant won. */
function preferences({ marks }: SampleRun): (sample: SampleLine) => { compared: number; preferred: number } {
  const counts = new Map<string, { compared: number; preferred: number }>()
  const keyOf = (variant: string, prompt: number, index: number): string =>
    JSON.stringify([variant, prompt, index])
  for (const mark of marks) {
    if (mark.verdict === 'skipped') continue
    for (const variant of mark.among) {
      const won = mark.verdict === 'preferred' && mark.variant === variant
      for (let index = mark.index; index < mark.index + mark.size; index++) {
        const key = keyOf(variant, mark.prompt, index)
        const { compared, preferred } = counts.get(key) ?? { compared: 0, preferred: 0 }
        counts.set(key, { compared: compared + 1, preferred: preferred + Number(won) })
      }
    }
  }
  return ({ variant, prompt, index }) =>
    counts.get(keyOf(variant, prompt, index)) ?? { compared: 0, preferred: 0 }
}

/** What an answer of a run answers. */
export function promptOf(
  run: Pick<SampleRun, 'prompts'>,
  sample: SampleLine
): { promptText: string; category: string } {
  const prompt = run.prompts[sample.prompt]
  return { promptText: prompt?.text ?? '', category: prompt?.category ?? '' }
}
