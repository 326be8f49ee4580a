import { evaluatedBaselines } from '../../../contract/documents/variant-choices'
import { join } from 'node:path'
import { type AnswerCheck, checkOfRange, rejectedRanges } from '../../../contract/documents/answer-check'
import type { Selection, SweepDocument } from '../../../contract/documents/crc'
import { briefScoring, drawsOf } from '../../../contract/documents/scored-by'
import { fileError, WorkbenchError } from '../../../contract/model/problem'
import { SweepSummary } from '../../../contract/documents/project'
import { verdictOf } from '../../../contract/words/verdict'
import type { DocumentKind } from '../../../contract/documents/document-kind'
import { parseDocument } from '../../base/files/migrate'
import { withFallback } from '../../base/files/with-fallback'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { selectRange } from '../../crc/selection/select-range'
import type { RunChange } from '../../base/files/serial-queue'
import { progressFolder } from '../../crc/sweep/progress-folder'
import type { ProgressFiles } from '../../crc/sweep/saved-sweep-progress'
import { computedRows } from '../../crc/sweep/sweep-pace'
import { kindOfFile } from '../../base/files/document-kinds'
import { RunSummaries } from './run-summaries'
import { settingsKeyOf } from './settings-key'
import { requireTrueScores } from './stored-scores'
import { ANSWER_CHECKS, SWEEP_FORMAT } from './stored-documents'
import { readSweepFile, SWEEPS } from './sweep-store'
import { findRange } from '../../../contract/model/strengths'

/** Reads a sweep, and refuses one that was changed by hand. If the file is no sweep, the error says what it is. */
export async function readSweepFiles(file: string, signal?: AbortSignal): Promise<SweepDocument> {
  try {
    const sweep = await readSweepFile(file, signal)
    requireTrueScores(sweep, file)
    return sweep
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw (await insteadOfSweep(file, error)) ?? error
  }
}

/** Returns the sweep in a parsed JSON value; null if the value is no valid sweep. */
export async function sweepIn(value: unknown, file: string): Promise<SweepDocument | null> {
  return withFallback(async () => (await parseDocument(value, file, SWEEP_FORMAT)).document, null)
}

/** Maximum number of interrupted sweeps with saved progress. A new one replaces the oldest. */
const MAX_PROGRESS_FILES = 3

/**
 * Returns the folder of unfinished sweeps: sweeps/partial/<name>.checkpoint.
 *
 * @param change refuses a new file once another folder has taken the place of the project's
 */
export function projectSweepProgress(folder: string, change: RunChange): ProgressFiles {
  const sweeps = join(folder, 'sweeps')
  const progress = progressFolder([sweeps, join(sweeps, 'partial')], MAX_PROGRESS_FILES)
  return { ...progress, fileFor: (name) => change(() => progress.fileFor(name)) }
}

/** Summarises a sweep for lists. @param selection selection after the check; the sweep's stored selection by default */
export function summarizeSweep(
  sweep: SweepDocument,
  check: AnswerCheck | null,
  selection: Selection | null = sweep.selection
): SweepSummary {
  const best = bestOf(sweep, check)
  const checked = best === null ? null : checkOfRange(check, best)
  return {
    id: sweep.id,
    checkpoints: { base: sweep.basePath.fingerprint, post: sweep.postPath.fingerprint },
    createdAt: sweep.createdAt,
    seconds: sweep.seconds,
    computedRows: computedRows(sweep),
    scoredBy: briefScoring(sweep.scoredBy),
    promptCount: sweep.prompts.length,
    selected: best === null ? null : { start: best.start, end: best.end },
    baselines: evaluatedBaselines(sweep.selection?.baselines ?? []),
    source: sweep.source,
    layerCount: sweep.layerCount,
    post: { validity: sweep.post.validity, diversity: sweep.post.diversity },
    isPreview: sweep.preview !== null,
    wholeRows: sweep.preview?.wholeRows ?? null,
    settingsKey: settingsKeyOf(sweep),
    best: best === null ? null : { validity: best.validity, diversity: best.diversity },
    bestAnswers: checked === null ? null : checked.answers,
    verdict: selection === null ? null : verdictOf({ ...sweep, selection, check }),
    exactCount: sweep.ranges.length,
    computed: {
      device: sweep.device,
      precision: sweep.precision,
      weights: null,
      promptCount: sweep.prompts.length,
      estimatedFrom: sweep.preview === null ? null : sweep.preview.prompts.length,
      draws: drawsOf(sweep),
      programVersion: sweep.programVersion
    }
  }
}

/** Summarises a sweep with its full-answer check, which may reject the stored selection. */
export async function summarizeChecked(sweep: SweepDocument, check: AnswerCheck | null): Promise<SweepSummary> {
  const { selection } = sweep
  const checked = selection === null ? null : await runCooperatively(checkedSelection(sweep, check, selection.rho))
  return summarizeSweep(sweep, check, checked)
}

/** Summarises a sweep in the folder of a pair. An unreadable check is ignored. */
export async function summarizeStored(sweep: SweepDocument, folder: string): Promise<SweepSummary> {
  const readCheck = (): Promise<AnswerCheck | null> => ANSWER_CHECKS.readIfAny(folder, sweep.id)
  const summary = await withFallback(async () => summarizeChecked(sweep, await readCheck()), null)
  return summary ?? summarizeSweep(sweep, null)
}

/** Returns the selected range, without ranges that the check rejects; null if no range can be selected. */
function bestOf({ ranges, selected, selection, post }: SweepDocument, check: AnswerCheck | null) {
  const rejected = selection === null ? [] : rejectedRanges(ranges, check, selection.rho)
  if (selection === null || rejected.length === 0) {
    return findRange(ranges, selected) ?? null
  }
  const candidates = ranges.filter((range) => !rejected.includes(range))
  return selectRange(candidates, post, selection.rho)
}

export const SWEEP_SUMMARIES = new RunSummaries<SweepDocument, SweepSummary>({
  name: 'sweep',
  documents: SWEEPS,
  schema: SweepSummary,
  summarize: summarizeStored,
  beside: (folder, id) => ANSWER_CHECKS.companion(folder, id, '.json')
})

const MAKE_ONE = 'A sweep is what "slr sweep --out FILE" writes.'
const FROM_ITS_SWEEP = 'Name the sweep that it started from, as "slr sweep --out FILE" wrote it.'

/** Advice about documents that belong to a sweep. */
const HINTS: Partial<Record<DocumentKind, string>> = {
  'sweep-part': 'Join all parts with "slr sweep --merge PART ... --out sweep.json", and name that file.',
  check: FROM_ITS_SWEEP,
  search: FROM_ITS_SWEEP,
  'what-if': FROM_ITS_SWEEP
}

/** Returns an error that says what a file is instead of a sweep; null if the original error is better. */
async function insteadOfSweep(file: string, error: unknown): Promise<WorkbenchError | null> {
  // Each kind of document has its own versions, so a newer version may mean that the file is no sweep.
  const isJson = error instanceof WorkbenchError && ['bad-file', 'newer-version'].includes(error.problem.code)
  if (!isJson) return null
  const content = await kindOfFile(file, SWEEP_FORMAT.maxBytes)
  if (content !== null && content.kind !== 'sweep')
    return fileError(`${file} is ${content.is}, not a sweep.`, HINTS[content.kind] ?? MAKE_ONE)
  return error.problem.hint === undefined ? fileError(error.problem.message, MAKE_ONE) : null
}
