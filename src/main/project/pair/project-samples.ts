import { z } from 'zod'
import { type BlindComparison, comparisonKey, PreferenceVote, withVotes } from '../../../contract/documents/preferences'
import type { SampledCrc, SampleLine, SampleRun, SampleRunSummary } from '../../../contract/documents/samples'
import { mapGet } from '../../../contract/model/look-up'
import type { SavePart, StoredPart } from '../documents/stored-part'
import type { RunStorage, RunList } from '../runs/run-list'
import { appendSampleLines, readSampleLines, removeSampleRun, summarizeSampleRun } from '../documents/sample-files'
import { SAMPLE_RUNS, SAMPLED_CRC } from '../documents/stored-documents'
import { requireRoom } from '../../base/files/room'
import { minAnswerBytes } from '../../samples/answer-bytes'

/** Votes by the keys of their comparisons; null for a comparison without a vote. */
const Votes = z.record(z.string(), PreferenceVote.nullable())

/** The sample runs of a pair, and its latest character check. */
export class ProjectSamples {
  constructor(
    private readonly storage: RunStorage<SampleRunSummary>,
    private readonly save: SavePart
  ) {}

  /** Newest first. */
  get runs(): readonly SampleRunSummary[] {
    return this.storage.list.runs
  }

  /** Stores a new run without answers. @throws WorkbenchError if the disk has no room for the answers */
  async addRun(run: SampleRun): Promise<void> {
    const { variants, prompts, settings } = run
    await requireRoom(this.storage.folder, minAnswerBytes(variants.length * prompts.length * settings.sampleCount))
    await this.storage.change(async () => {
      await SAMPLE_RUNS.write(this.storage.folder, run)
      await this.storage.list.save(summarizeSampleRun(run, 0))
      this.storage.notify()
    })
  }

  async changeRun(
    id: string,
    changes: Partial<Pick<SampleRun, 'settings' | 'weights' | 'precision' | 'external'>>
  ): Promise<SampleRun> {
    return this.storage.change(() => this.#write(id, changes))
  }

  /**
   * Stores the user's votes on blind comparisons of answers, and removes the votes on undecided comparisons.
   *
   * @throws WorkbenchError as {@link changeRun}
   * @returns the written revision, by which the change can be undone; null if nothing changed
   */
  vote(id: string, decided: readonly PreferenceVote[], undecided: readonly BlindComparison[]): Promise<number | null> {
    const comparisons = new Map([...decided, ...undecided].map((comparison) => [comparisonKey(comparison), comparison]))
    const stored: StoredPart = {
      name: `votes.${id}.${[...comparisons.keys()].join()}`,
      read: async () => {
        const { marks } = await this.readRun(id)
        const before = new Map(marks.map((vote) => [comparisonKey(vote), vote]))
        return Object.fromEntries([...comparisons.keys()].map((key) => [key, before.get(key) ?? null]))
      },
      write: async (value) => {
        const votes = Object.entries(Votes.parse(value))
        const added = votes.flatMap(([, vote]) => (vote === null ? [] : [vote]))
        const removed = votes.flatMap(([key, vote]) => (vote === null ? [mapGet(comparisons, key, 'comparison')] : []))
        const { marks } = await this.readRun(id)
        await this.#write(id, { marks: withVotes(marks, added, removed) })
      }
    }
    const votes = [
      ...decided.map((vote) => [comparisonKey(vote), vote] as const),
      ...undecided.map((comparison) => [comparisonKey(comparison), null] as const)
    ]
    return this.save({ stored, value: Object.fromEntries(votes) }, undefined, [])
  }

  /** Writes fields of a run. Called within a queued change. */
  async #write(id: string, changes: Partial<SampleRun>): Promise<SampleRun> {
    const run = { ...(await this.readRun(id)), ...changes }
    await SAMPLE_RUNS.write(this.storage.folder, run)
    const before = this.storage.list.find(id)
    if (before !== undefined) await this.storage.list.save(summarizeSampleRun(run, before.sampleCount))
    this.storage.notify()
    return run
  }

  /** Removes a run without any answer, unless the user pinned it. */
  async dropUnanswered(id: string): Promise<void> {
    await this.storage.change(async () => {
      if (this.storage.list.find(id)?.sampleCount !== 0 || this.storage.isPinned(id)) return
      await removeSampleRun(this.storage.folder, id)
      this.storage.list.drop(id)
      this.storage.notify()
    })
  }

  /** Adds answers to a run. @throws WorkbenchError `read-only`, `bad-input` */
  async appendAnswers(id: string, lines: readonly SampleLine[]): Promise<void> {
    await this.storage.change(async () => {
      await appendSampleLines(this.storage.folder, id, lines)
      await noteAnswers(this.storage.list, id, lines.length)
    })
  }

  readRun(id: string): Promise<SampleRun> {
    return SAMPLE_RUNS.read(this.storage.folder, id)
  }

  async readAnswers(id: string): Promise<{ run: SampleRun; samples: SampleLine[] }> {
    const run = await SAMPLE_RUNS.read(this.storage.folder, id)
    return { run, samples: await readSampleLines(this.storage.folder, run) }
  }

  /** Replaces the latest scores of the character task from sampled answers. */
  saveCheck(document: SampledCrc): Promise<void> {
    return this.storage.change(() => SAMPLED_CRC.write(this.storage.folder, document))
  }

  /** Returns null if there are none. @throws WorkbenchError `bad-file` or `newer-version` */
  readCheck(): Promise<SampledCrc | null> {
    return SAMPLED_CRC.read(this.storage.folder)
  }
}

/** Updates the count of a run's answers. The summary is written with the last answer; opening counts stopped runs. */
async function noteAnswers(list: RunList<SampleRunSummary>, id: string, addedCount: number): Promise<void> {
  const before = list.find(id)
  if (before === undefined) return
  const summary = { ...before, sampleCount: before.sampleCount + addedCount }
  if (summary.sampleCount < summary.sampleTotal) list.setInMemory(summary)
  else await list.save(summary)
}
