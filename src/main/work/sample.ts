import type { Computation, SampleLine, SampleRun } from '../../contract/documents/samples'
import type { ExternalRecord } from '../../contract/model/external-model'
import type { ProjectPair } from '../project/pair/project-pair'
import { withRecord } from '../samples/external-records'
import { openSampledPair } from '../samples/generation'
import { makeAnswers } from '../samples/make-answers'
import { type PlannedAnswers, resumeAnswers } from '../samples/plan-answers'
import { computationOf, type SampleListener } from '../samples/run-samples'
import { droppingUnanswered, dropUnanswered } from './dropping-unanswered'
import type { WorkMeans } from './means'

export interface AnswerStore {
  /** The run with all that is known of its computation. */
  readonly run: SampleRun
  /** Finished answers, those of an earlier start first. */
  readonly answers: readonly SampleLine[]
  planned(computation: Computation): Promise<void>
  recordExternal(record: ExternalRecord): Promise<void>
  append(lines: readonly SampleLine[]): Promise<void>
  drop(): Promise<void>
}

export class SampleWork {
  /** @param planned missing answers, as `prepareSampleRun` plans them */
  constructor(
    readonly store: AnswerStore,
    private readonly planned: PlannedAnswers
  ) {}

  /** Prepares the rest of a stored run. @throws WorkbenchError `mismatch` if a checkpoint has changed */
  static async resume(store: AnswerStore, folders: { base: string; post: string }): Promise<SampleWork> {
    return new SampleWork(store, await resumeAnswers(store.run, await openSampledPair(folders)))
  }

  /** Generates missing answers. A run without an answer is removed. @param samples receives growing answers */
  async compute(
    { engine, signal, notify }: WorkMeans,
    samples?: SampleListener['samples']
  ): Promise<{ seconds: number; computation: Computation | null }> {
    const { planned, store } = this
    const work = { ...planned, stored: [...store.answers], earlier: computationOf(store.run) }
    return makeAnswers(
      engine,
      work,
      {
        planned: (computation) => store.planned(computation),
        onRecord: (record) => store.recordExternal(record),
        keep: (lines) => store.append(lines),
        progress: (progress) => notify({ type: 'progress', kind: 'sample', progress }),
        ...(samples === undefined ? {} : { samples })
      },
      signal
    ).catch(droppingUnanswered(store))
  }

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

export function answersInMemory(
  run: SampleRun,
  appended: (lines: readonly SampleLine[]) => Promise<void> = () => Promise.resolve()
): AnswerStore {
  const answers: SampleLine[] = []
  return {
    run,
    answers,
    planned: () => Promise.resolve(),
    recordExternal: () => Promise.resolve(),
    async append(lines) {
      await appended(lines)
      answers.push(...lines)
    },
    drop: () => Promise.resolve()
  }
}
