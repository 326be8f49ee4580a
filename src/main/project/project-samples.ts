import { type BlindComparison, type PreferenceMark, withMarks } from '../../contract/documents/preferences'
import type { SampledCrc, SampleLine, SampleRun, SampleRunSummary } from '../../contract/documents/samples'
import { newestFirst } from '../base/files/newest-first'
import { appendSampleLines, readSampleLines, removeSampleRun, summarizeSampleRun } from './sample-files'
import { SAMPLE_RUNS, SAMPLED_CRC } from './stored-documents'
import type { Change } from '../base/files/serial-queue'

/** The sample runs of a pair, and its latest character check. */
export class ProjectSamples {
  #runs: readonly SampleRunSummary[]

  constructor(
    private readonly folder: string,
    private readonly change: Change,
    /** Hears when the list of runs has changed, or what is stored of one besides its answers. */
    private readonly tell: () => void,
    runs: readonly SampleRunSummary[]
  ) {
    this.#runs = runs
  }

  /** Newest first. */
  get runs(): readonly SampleRunSummary[] {
    return this.#runs
  }

  /** Adds a run that has no answers yet. @throws WorkbenchError `bad-input`, `read-only` */
  async addRun(run: SampleRun): Promise<void> {
    await this.change(async () => {
      await SAMPLE_RUNS.write(this.folder, run)
      this.#runs = newestFirst([...this.#runs, summarizeSampleRun(run, 0)])
      this.tell()
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
    changes: Partial<Pick<SampleRun, 'settings' | 'weights' | 'precision'>>
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
    return this.change(async () => {
      const stored = await SAMPLE_RUNS.read(this.folder, id)
      const run = { ...stored, ...change(stored) }
      await SAMPLE_RUNS.write(this.folder, run)
      this.#summarize(id, ({ sampleCount }) => summarizeSampleRun(run, sampleCount))
      this.tell()
      return run
    })
  }

  /** Removes a run unless it has answers. @throws WorkbenchError `read-only` */
  async dropUnanswered(id: string): Promise<void> {
    await this.change(async () => {
      if (this.#runs.find((run) => run.id === id)?.sampleCount !== 0) return
      await removeSampleRun(this.folder, id)
      this.#runs = this.#runs.filter((run) => run.id !== id)
      this.tell()
    })
  }

  /** Adds answers to a run's; see appendSampleLines on what a crash leaves. @throws WorkbenchError `read-only`, `bad-input` */
  async appendAnswers(id: string, lines: readonly SampleLine[]): Promise<void> {
    await this.change(async () => {
      await appendSampleLines(this.folder, id, lines)
      this.#summarize(id, (run) => ({ ...run, sampleCount: run.sampleCount + lines.length }))
    })
  }

  /** A run without its answers. @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  readRun(id: string): Promise<SampleRun> {
    return SAMPLE_RUNS.read(this.folder, id)
  }

  /** A run and its answers so far. @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  async readAnswers(id: string): Promise<{ run: SampleRun; samples: SampleLine[] }> {
    const run = await SAMPLE_RUNS.read(this.folder, id)
    return { run, samples: await readSampleLines(this.folder, run) }
  }

  /** Replaces the latest CRC scores from whole answers. @throws WorkbenchError `bad-input`, `read-only` */
  saveCheck(document: SampledCrc): Promise<void> {
    return this.change(() => SAMPLED_CRC.write(this.folder, document))
  }

  /** Null when there is none. @throws WorkbenchError `bad-file` or `newer-version` */
  readCheck(): Promise<SampledCrc | null> {
    return SAMPLED_CRC.read(this.folder)
  }

  #summarize(id: string, change: (summary: SampleRunSummary) => SampleRunSummary): void {
    this.#runs = this.#runs.map((summary) => (summary.id === id ? change(summary) : summary))
  }
}
