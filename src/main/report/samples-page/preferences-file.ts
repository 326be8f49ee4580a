import { spreadsheetText } from '../../../contract/words/spreadsheet-text'
import type { PreferenceExportFormat } from '../../../contract/documents/preferences'
import type { SampleRun } from '../../../contract/documents/samples'
import { formatCsv } from '../../base/csv'
import { formatJson } from '../../base/files/json-format'
import { preferenceTallies } from '../../measures/preferences'
import type { TextFile } from './export'

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
