import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import { type BriefScore, shownSweepInSteps, ShownSweep, StoredSweep } from '../../../contract/documents/shown-sweep'
import { scoreOfKey } from '../../../contract/documents/swept-model'
import { elementAt } from '../../../contract/model/look-up'
import { fileError, WorkbenchError } from '../../../contract/model/problem'
import { readJsonFile } from '../../base/files/bounded-file'
import { readHead } from '../../base/files/file-head'
import { type DocumentFormat, parseDocument } from '../../base/files/migrate'
import {
  ensurePlainFolder,
  hasPlainFile,
  hasPlainFolder,
  plainFileState,
  requirePlainFile
} from '../../base/files/plain-paths'
import { runCooperatively } from '../../base/steps'
import { DocumentFolder, storedDocument } from './document-store'
import type { SummarizedFolder } from './run-summaries'
import { readAllScores, readScoreRow, type ScoreRow, writeScores } from './scores-file'
import { SWEEP_FORMAT } from './stored-documents'

/*
 * A project stores a sweep in two files: a document <id>.json, and its scores in <id>.a.scores or <id>.b.scores. The
 * document names the letter and the hash of its scores file. A changed sweep writes the file with the other letter
 * first and the document second, so that a crash leaves the old or the new sweep. Files that commands write with
 * --out, and projects of earlier versions, have all in one JSON document.
 */

const STORED_FORMAT: DocumentFormat<StoredSweep> = {
  kind: 'sweep',
  name: 'sweep',
  schema: StoredSweep,
  version: SWEEP_FORMAT.version,
  migrations: {},
  maxBytes: SWEEP_FORMAT.maxBytes
}

/** Letters of the two possible scores files of a sweep. */
const SLOTS = ['a', 'b'] as const
type Slot = (typeof SLOTS)[number]

const scoresEnding = (slot: Slot): string => `.${slot}.scores`

export const SCORES_ENDINGS = SLOTS.map(scoresEnding)

/** Lists of models whose scores of each prompt lie in the scores file, in the order of its rows. */
const LISTS = ['ranges', 'recipes', 'checkpoints', 'uniformBlends', 'baselines'] as const

/** The JSON file of a sweep: without the scores of each prompt (`stored`), or with them (`whole`). */
type SweepFile = { stored: StoredSweep } | { stored: null; whole: SweepDocument }

async function openSweepFile(file: string, signal?: AbortSignal): Promise<SweepFile> {
  await requirePlainFile(file)
  const value = await readJsonFile(file, SWEEP_FORMAT.maxBytes, signal)
  if (typeof value === 'object' && value !== null && 'scores' in value)
    return { stored: (await parseDocument(value, file, STORED_FORMAT, signal)).document }
  return { stored: null, whole: (await parseDocument(value, file, SWEEP_FORMAT, signal)).document }
}

/** Reads a sweep in either form. @throws WorkbenchError `not-found`, `bad-file`, `newer-version`, `cancelled` */
export async function readSweepFile(file: string, signal?: AbortSignal): Promise<SweepDocument> {
  const opened = await openSweepFile(file, signal)
  if (opened.stored === null) return opened.whole
  const { stored } = opened
  return joinScores(stored, await readAllScores(scoresFileOf(file, stored), expectedOf(stored), signal))
}

const scoresFileOf = (file: string, { scores }: StoredSweep): string =>
  file.replace(/\.json$/, '') + scoresEnding(scores.file)

const expectedOf = (stored: StoredSweep): { rows: number; sha256: string } => ({
  rows: rowCountOf(stored),
  sha256: stored.scores.sha256
})

/** Returns the number of rows of the scores file: one for each model of {@link LISTS}, and for each estimated model. */
const rowCountOf = ({ preview, ...sweep }: ShownSweep): number =>
  LISTS.reduce((sum, list) => sum + sweep[list].length, 0) +
  (preview === null ? 0 : preview.ranges.length + preview.uniformBlends.length)

function rowsOf({ preview, ...sweep }: SweepDocument): ScoreRow[] {
  const estimated = preview === null ? [] : [...preview.ranges, ...preview.uniformBlends]
  return [...LISTS.flatMap((list): { prompts: ScoreRow }[] => sweep[list]), ...estimated].map(({ prompts }) => prompts)
}

/** Adds the scores of each prompt to a stored sweep. @param rows the scores file, in the order of {@link rowsOf} */
function joinScores({ scores: _, ...stored }: StoredSweep, rows: readonly PromptScore[][]): SweepDocument {
  let row = 0
  const nextRow = (): PromptScore[] => elementAt(rows, row++, 'row of scores')
  const whole = <Brief extends { margins?: unknown }>({ margins: _margins, ...score }: Brief) => ({
    ...score,
    prompts: nextRow()
  })
  const estimated = <Brief extends object>(score: Brief) => ({ ...score, prompts: nextRow() })
  const { preview } = stored
  return {
    ...stored,
    ranges: stored.ranges.map(whole),
    recipes: stored.recipes.map(whole),
    checkpoints: stored.checkpoints.map(whole),
    uniformBlends: stored.uniformBlends.map(whole),
    baselines: stored.baselines.map(whole),
    preview: preview && {
      ...preview,
      ranges: preview.ranges.map(estimated),
      uniformBlends: preview.uniformBlends.map(estimated)
    }
  }
}

/** Reports whether a file is a sweep in one document. A sweep in two files names its scores file near the beginning. */
async function isWhole(file: string): Promise<boolean> {
  return !(await readHead(file)).includes('"scores": {')
}

/** Reads and writes the sweeps of a pair, in one file or two. `project` is the pair's folder. */
class SweepFolder implements SummarizedFolder<SweepDocument> {
  private readonly files = new DocumentFolder<StoredSweep>({
    ...STORED_FORMAT,
    folder: 'sweeps',
    id: ({ id }) => id,
    tooLarge: 'Sweep with fewer prompts (--prompts) or fewer recipes (--recipes).'
  })
  /** The sweep that was read last. It is cached, because the slider of the limit requests it dozens of times. */
  private cached: { file: string; state: string | undefined; sweep: SweepDocument } | null = null

  /** Reads a sweep with all scores. Callers must not change the object, because the cache returns it again. */
  async read(project: string, id: string): Promise<SweepDocument> {
    const { file, state } = await this.findFile(project, id)
    if (this.cached !== null && this.cached.file === file && this.cached.state === state) return this.cached.sweep
    const sweep = await readSweepFile(file)
    requireId(file, sweep, id)
    this.cached = { file, state, sweep }
    return sweep
  }

  /** Reads a sweep without the scores of each prompt, except those of base and post. */
  async readShown(project: string, id: string): Promise<ShownSweep> {
    const { file } = await this.findFile(project, id)
    const opened = await openSweepFile(file)
    const sweep = opened.stored ?? (await runCooperatively(shownSweepInSteps(opened.whole)))
    requireId(file, sweep, id)
    return sweep
  }

  /**
   * Reads the scores of one model on each prompt.
   *
   * @param key key of the model, see `modelKey`
   * @returns null for a model that has no scores
   */
  async readPromptScores(project: string, id: string, key: string): Promise<PromptScore[] | null> {
    const { file } = await this.findFile(project, id)
    const opened = await openSweepFile(file)
    if (opened.stored === null) return scoreOfKey(opened.whole, key)?.prompts ?? null
    const { stored } = opened
    const score = scoreOfKey(stored, key)
    if (score === null) return null
    // The document itself has all scores of base and post.
    const complete = [stored.post, stored.base].find((whole) => whole === score)
    if (complete) return complete.prompts
    const row = LISTS.flatMap((list): BriefScore[] => stored[list]).indexOf(score)
    return readScoreRow(scoresFileOf(file, stored), expectedOf(stored), row)
  }

  /** Writes a sweep in place of an earlier one. @throws WorkbenchError `bad-input` for an invalid one; `read-only` */
  async write(project: string, sweep: SweepDocument): Promise<void> {
    const file = this.companion(project, sweep.id, '.json')
    const shownSweep = await runCooperatively(shownSweepInSteps(sweep))
    const rows = rowsOf(sweep)
    // The sweep is checked first, so that nothing is written that could not be read back.
    await storedDocument({ name: 'sweep', schema: ShownSweep }, shownSweep)
    await ensurePlainFolder(dirname(file))
    const slot = await this.freeSlot(file)
    const sha256 = await writeScores(this.companion(project, sweep.id, scoresEnding(slot)), rows)
    await this.files.write(project, { scores: { file: slot, sha256 }, ...shownSweep })
    for (const other of SLOTS.filter((one) => one !== slot))
      await rm(this.companion(project, sweep.id, scoresEnding(other)), { force: true })
  }

  /** Returns the letter of the scores file to write: the one that the stored sweep does not use. */
  private async freeSlot(file: string): Promise<Slot> {
    if (!(await hasPlainFile(file)) || (await isWhole(file))) return 'a'
    return /"file": ?"b"/.test(await readHead(file)) ? 'a' : 'b'
  }

  /**
   * Splits sweeps that are stored in one file into a document and a scores file. A crash leaves each sweep in one form.
   *
   * @param keep makes a backup of the old file
   * @returns true if any file was replaced
   */
  async splitWholeFiles(
    project: string,
    keep: (file: string) => Promise<void>,
    beforeStep: () => void
  ): Promise<boolean> {
    let isChanged = false
    const { ids } = await this.ids(project)
    // An unreadable file counts as not whole, because the list of sweeps warns about it.
    const wholeOf = async (id: string): Promise<boolean> => isWhole(this.companion(project, id, '.json'))
    const whole = await Promise.all(ids.map((id) => wholeOf(id).catch(() => false)))
    for (const id of ids.filter((_, index) => whole[index])) {
      const file = this.companion(project, id, '.json')
      try {
        const sweep = await readSweepFile(file)
        requireId(file, sweep, id)
        beforeStep()
        await keep(file)
        beforeStep()
        await this.write(project, sweep)
        isChanged = true
      } catch (error) {
        // The old file stays. The list of sweeps warns if it cannot be read, and a full disk prevents only the split.
        if (!(error instanceof WorkbenchError)) throw error
      }
    }
    return isChanged
  }

  ids(project: string): Promise<{ ids: string[]; warnings: string[] }> {
    return this.files.ids(project)
  }

  companion(project: string, id: string, suffix: string): string {
    return this.files.companion(project, id, suffix)
  }

  private async findFile(project: string, id: string): Promise<{ file: string; state: string | undefined }> {
    const file = this.companion(project, id, '.json')
    await hasPlainFolder(dirname(file))
    return { file, state: (await plainFileState(file))?.state }
  }
}

function requireId(file: string, sweep: Pick<SweepDocument, 'id'>, id: string): void {
  if (sweep.id === id) return
  throw fileError(`${file} holds the sweep ${sweep.id} instead of ${id}.`)
}

export const SWEEPS = new SweepFolder()
