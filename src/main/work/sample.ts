import type { Computation, SampleLine, SampleRun } from '../../contract/documents/samples'
import type { ExternalRecord } from '../../contract/model/external-model'
import { refusalNotice } from '../../contract/words/run-notices'
import type { ProjectPair } from '../project/pair/project-pair'
import { withRecord } from '../samples/external-records'
import { openSampledPair } from '../samples/generation'
import { makeAnswers } from '../samples/make-answers'
import { type PlannedAnswers, resumeAnswers } from '../samples/plan-answers'
import { computationOf, type SampleListener } from '../samples/run-samples'
import { droppingUnanswered, dropUnanswered } from './dropping-unanswered'
import type { WorkRuntime } from './work-runtime'

/** Storage of a sample run and its answers: in a project or in memory. */
export interface AnswerStore {
  /** The run, with what has been recorded of its computation so far. */
  readonly run: SampleRun
  /** Finished answers, the oldest first. A resumed run begins with the answers of its earlier start. */
  readonly answers: readonly SampleLine[]
  /** Stores how the answers are computed, before the first one. */
  planned(computation: Computation): Promise<void>
  recordExternal(record: ExternalRecord): Promise<void>
  append(lines: readonly SampleLine[]): Promise<void>
  /** Removes the run unless it has answers. */
  drop(): Promise<void>
}

/** Notifies the user of prompts with refused or failed answers. */
export function notifyOfRefusal(record: ExternalRecord, notify: WorkRuntime['notify']): void {
  const message = refusalNotice(record)
  if (message !== null) notify({ type: 'notice', message })
}

/** A sample run whose missing answers can be generated. */
export class SampleWork {
  /** @param planned the missing answers, from `prepareSampleRun` */
  constructor(
    readonly store: AnswerStore,
    private readonly planned: PlannedAnswers
  ) {}

  /** Prepares the missing answers of a stored run. @throws WorkbenchError `mismatch` if a checkpoint has changed */
  static async resume(store: AnswerStore, folders: { base: string; post: string }): Promise<SampleWork> {
    return new SampleWork(store, await resumeAnswers(store.run, await openSampledPair(folders)))
  }

  /**
   * Generates missing answers. A run that ends before its first answer is removed.
   *
   * @param samples receives unfinished answers while they are generated
   */
  async compute(
    { engine, signal, notify }: WorkRuntime,
    samples?: SampleListener['samples']
  ): Promise<{ seconds: number; computation: Computation | null }> {
    const { planned, store } = this
    const work = { ...planned, stored: [...store.answers], earlier: computationOf(store.run) }
    return makeAnswers(
      engine,
      work,
      {
        planned: (computation) => store.planned(computation),
        onRecord: (record) => {
          notifyOfRefusal(record, notify)
          return store.recordExternal(record)
        },
        keep: (lines) => store.append(lines),
        progress: (progress) => notify({ type: 'progress', kind: 'sample', progress }),
        ...(samples === undefined ? {} : { samples })
      },
      signal
    ).catch(droppingUnanswered(store))
  }

  /** Removes the run if it has no answers. */
  abandon(): Promise<void> {
    return dropUnanswered(this.store)
  }
}

export function projectAnswers(
  { samples }: ProjectPair,
  stored: { run: SampleRun; samples: readonly SampleLine[] }
): AnswerStore {
  let { run } = stored
  const change = async (changes: Partial<SampleRun>): Promise<void> => {
    run = await samples.changeRun(run.id, changes)
  }
  return {
    get run() {
      return run
    },
    answers: stored.samples,
    planned: async (computation) => {
      if (computationOf(run) === null) await change(computation)
    },
    recordExternal: (record) => change({ external: withRecord(run.external, record) }),
    append: (lines) => samples.appendAnswers(run.id, lines),
    drop: () => samples.dropUnanswered(run.id)
  }
}

/** Keeps the answers of a run in memory. @param onAppend called before answers are added, for example to write them */
export function answersInMemory(
  run: SampleRun,
  onAppend: (lines: readonly SampleLine[]) => Promise<void> = () => Promise.resolve()
): AnswerStore {
  const answers: SampleLine[] = []
  return {
    run,
    answers,
    planned: () => Promise.resolve(),
    recordExternal: () => Promise.resolve(),
    async append(lines) {
      await onAppend(lines)
      answers.push(...lines)
    },
    drop: () => Promise.resolve()
  }
}
