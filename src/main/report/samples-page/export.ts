import type { SampleExportFormat, SampleLine, SampleRun } from '../../../contract/documents/samples'
import { formatCsv } from '../../base/csv'
import { samplesPage } from './samples-page'

/** A file to save. */
export interface ExportedFile {
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
 * - `jsonl`: an answer a line, as samples are stored, with its prompt's text and category, and `preferred`: whether it was
 *   marked as the better one in a blind comparison; left out where none was made;
 * - `csv`: RFC 4180 with a header, for spreadsheets (see {@link spreadsheetText}); `preferred` is true, false or empty;
 * - `html`: a page to share that needs nothing else.
 */
export async function exportSamples(
  run: SampleRun,
  samples: readonly SampleLine[],
  format: SampleExportFormat
): Promise<ExportedFile> {
  const place = new Map(run.variants.map(({ name }, index) => [name, index]))
  const sorted = samples.toSorted(
    (a, b) =>
      a.prompt - b.prompt || (place.get(a.variant) ?? 0) - (place.get(b.variant) ?? 0) || a.index - b.index
  )
  return { fileName: `samples-${run.id}.${format}`, content: await WRITERS[format](run, sorted) }
}

function jsonLines(run: SampleRun, samples: readonly SampleLine[]): string {
  const preferred = preferences(run)
  return samples
    .map(
      (sample) => `${JSON.stringify({ ...sample, ...promptOf(run, sample), preferred: preferred(sample) })}\n`
    )
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
    'preferred'
  ]
  const preferred = preferences(run)
  const records = samples.map((sample) => {
    const { promptText, category } = promptOf(run, sample)
    return [
      String(sample.prompt),
      spreadsheetText(promptText),
      spreadsheetText(category),
      spreadsheetText(sample.variant),
      String(sample.index),
      spreadsheetText(sample.text),
      String(sample.tokens.length),
      sample.finish,
      String(preferred(sample) ?? '')
    ]
  })
  // Without the mark Excel takes UTF-8 for the machine's old code page.
  return `\uFEFF${formatCsv([header, ...records])}`
}

/** Of an answer, whether it was preferred to those of the other variants; undefined where they were not compared. */
function preferences({ marks }: SampleRun): (sample: SampleLine) => boolean | undefined {
  const keyOf = ({ prompt, index }: { prompt: number; index: number }): string => `${prompt}/${index}`
  const preferred = new Map(marks.map((mark) => [keyOf(mark), mark.variant]))
  return (sample) => {
    const variant = preferred.get(keyOf(sample))
    return variant === undefined ? undefined : variant === sample.variant
  }
}

/** What an answer of a run answers. */
export function promptOf(
  run: Pick<SampleRun, 'prompts'>,
  sample: SampleLine
): { promptText: string; category: string } {
  const prompt = run.prompts[sample.prompt]
  return { promptText: prompt?.text ?? '', category: prompt?.category ?? '' }
}

/** What makes spreadsheets compute a cell, behind white space or in full width too; or a break that ends it early. */
const FORMULA = /^(?:['\s]*[=+\-@＝＋－＠]|'*[\t\r\n])/u

/**
 * Text that no spreadsheet takes for a formula: models write what they like, and a formula can fetch addresses and start
 * programs. What begins like one gets an apostrophe before it (OWASP, "CSV Injection"), which spreadsheets then show. So
 * does what already has apostrophes there: {@link plainText} gets every text back.
 */
export function spreadsheetText(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** The text that {@link spreadsheetText} was given. */
export function plainText(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
