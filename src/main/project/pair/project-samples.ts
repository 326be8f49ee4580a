import { type BlindComparison, type PreferenceMark, withMarks } from '../../../contract/documents/preferences'
import type { SampledCrc, SampleLine, SampleRun, SampleRunSummary } from '../../../contract/documents/samples'
import type { KeptRuns, RunList } from '../runs/run-list'
import {
  appendSampleLines,
  readSampleLines,
  removeSampleRun,
  summarizeSampleRun
} from '../documents/sample-files'
import { SAMPLE_RUNS, SAMPLED_CRC } from '../documents/stored-documents'
import { requireRoom } from '../../base/files/room'
import { minAnswerBytes } from '../../samples/answer-bytes'

/** The sample runs of a pair, and its latest character check. */
export class ProjectSamples {
  constructor(private readonly kept: KeptRuns<SampleRunSummary>) {}

  /** Newest first. */
  get runs(): readonly SampleRunSummary[] {
    return this.kept.list.runs
  }

  /** Adds a run that has no answers yet. @throws WorkbenchError `bad-input`, `read-only` */
  async addRun(run: SampleRun): Promise<void> {
    const { variants, prompts, settings } = run
    await requireRoom(
      this.kept.folder,
      minAnswerBytes(variants.length * prompts.length * settings.sampleCount)
    )
    await this.kept.change(async () => {
      await SAMPLE_RUNS.write(this.kept.folder, run)
      await this.kept.list.put(summarizeSampleRun(run, 0))
      this.kept.tell()
    })
  }

  /**
   * Changes what is stored of a run besides its answers.
   *
   * @returns the run as it is now
   * @throws WorkbenchError `not-found`, `bad-file` or `newer-version`; `bad-input`, `read-only`
   */
  async changeRun(
    id: string,
    changes: Partial<Pick<SampleRun, 'settings' | 'weights' | 'precision' | 'external'>>
  ): Promise<SampleRun> {
    return this.#change(id, () => changes)
  }

  /** Decides blind comparisons of a run, and takes decisions back. @throws WorkbenchError as {@link changeRun} */
  async mark(
    id: string,
    decided: readonly PreferenceMark[],
    undecided: readonly BlindComparison[]
  ): Promise<SampleRun> {
    return this.#change(id, ({ marks }) => ({ marks: withMarks(marks, decided, undecided) }))
  }

  async #change(id: string, change: (run: SampleRun) => Partial<SampleRun>): Promise<SampleRun> {
    return this.kept.change(async () => {
      const stored = await SAMPLE_RUNS.read(this.kept.folder, id)
      const run = { ...stored, ...change(stored) }
      await SAMPLE_RUNS.write(this.kept.folder, run)
      const known = this.kept.list.find(id)
      if (known !== undefined) await this.kept.list.put(summarizeSampleRun(run, known.sampleCount))
      this.kept.tell()
      return run
    })
  }

  /** Removes a run unless it has answers, or is pinned. @throws WorkbenchError `read-only` */
  async dropUnanswered(id: string): Promise<void> {
    await this.kept.change(async () => {
      if (this.kept.list.find(id)?.sampleCount !== 0 || this.kept.isPinned(id)) return
      await removeSampleRun(this.kept.folder, id)
      this.kept.list.drop(id)
      this.kept.tell()
    })
  }

  /** Adds answers to a run's; see appendSampleLines on what a crash leaves. @throws WorkbenchError `read-only`, `bad-input` */
  async appendAnswers(id: string, lines: readonly SampleLine[]): Promise<void> {
    await this.kept.change(async () => {
      await appendSampleLines(this.kept.folder, id, lines)
      await noteAnswers(this.kept.list, id, lines.length)
    })
  }

  /** A run without its answers. @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  readRun(id: string): Promise<SampleRun> {
    return SAMPLE_RUNS.read(this.kept.folder, id)
  }

  /** A run and its answers so far. @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  async readAnswers(id: string): Promise<{ run: SampleRun; samples: SampleLine[] }> {
    const run = await SAMPLE_RUNS.read(this.kept.folder, id)
    return { run, samples: await readSampleLines(this.kept.folder, run) }
  }

  /** Replaces the latest CRC scores from whole answers. @throws WorkbenchError `bad-input`, `read-only` */
  saveCheck(document: SampledCrc): Promise<void> {
    return this.kept.change(() => SAMPLED_CRC.write(this.kept.folder, document))
  }

  /** Null when there is none. @throws WorkbenchError `bad-file` or `newer-version` */
  readCheck(): Promise<SampledCrc | null> {
    return SAMPLED_CRC.read(this.kept.folder)
  }
}

/** Written down with the last answer only: for one that is stopped before it, its file of answers is counted once more. */
async function noteAnswers(list: RunList<SampleRunSummary>, id: string, more: number): Promise<void> {
  const known = list.find(id)
  if (known === undefined) return
  const summary = { ...known, sampleCount: known.sampleCount + more }
  if (summary.sampleCount < summary.sampleTotal) list.note(summary)
  else await list.put(summary)
}
