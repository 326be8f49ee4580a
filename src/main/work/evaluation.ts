import type { EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import type { SampleLine } from '../../contract/documents/samples'
import { type EvaluationRequest, prepareEvaluation } from '../evaluation/prepare-evaluation'
import type { EvaluationListener } from '../evaluation/generate-answers'
import { runEvaluation } from '../evaluation/run-evaluation'
import { pairPaths } from '../project/demo'
import type { EvaluationFiles } from '../project/documents/evaluation-files'
import type { ProjectPair } from '../project/pair/project-pair'
import { isComplete, sameEvaluation } from '../project/results/stored-evaluation'
import { openSampledPair, type SampledPair } from '../samples/generation'
import { withRecord } from '../samples/external-records'
import { droppingUnanswered, dropUnanswered } from './dropping-unanswered'
import { notifyOfRefusal } from './sample'
import type { WorkRuntime } from './work-runtime'

/** Storage of an evaluation and its results: in a project or in memory. */
interface EvaluationStore extends Omit<EvaluationListener, 'progress'> {
  begin(): Promise<void>
  files(): Promise<EvaluationFiles>
  drop(): Promise<void>
}

/** Counts of the results that one start of an evaluation has computed. */
export interface ComputedAnswers {
  seconds: number
  answers: number
  tokens: number
  /** Prompts whose answers were read. */
  scored: number
}

/** An evaluation whose missing answers and scores can be computed. */
export class EvaluationWork {
  private isBegun: boolean

  private constructor(
    readonly run: EvaluationRun,
    readonly sampled: SampledPair,
    /** Results of an earlier start of the same evaluation; null for none. */
    readonly stored: EvaluationFiles | null,
    private readonly store: EvaluationStore
  ) {
    this.isBegun = stored !== null
  }

  /**
   * Prepares an evaluation, so that errors of the request are reported before anything is computed. If the pair has
   * stored an equal evaluation, its answers are used.
   *
   * @param pair null keeps results in memory
   * @param options.again true computes all answers again, in a new run
   */
  static async open(
    request: EvaluationRequest,
    pair: ProjectPair | null,
    { again = false } = {}
  ): Promise<EvaluationWork> {
    const prepared = await prepareEvaluation(request)
    const stored = pair === null || again ? null : await sameEvaluation(pair, prepared.run)
    const run = stored?.run ?? prepared.run
    return new EvaluationWork(run, prepared.pair, stored, storeOf(pair, run))
  }

  /** Prepares the missing answers of a stored evaluation. @throws WorkbenchError `not-found` */
  static async resume(pair: ProjectPair, id: string): Promise<EvaluationWork> {
    const stored = await pair.evaluations.read(id)
    const sampled = await openSampledPair(pairPaths(pair.document.location))
    return new EvaluationWork(stored.run, sampled, stored, storeOf(pair, stored.run))
  }

  get isComplete(): boolean {
    return this.stored !== null && isComplete(this.stored)
  }

  /** Stores the run, unless it is stored. @throws WorkbenchError `read-only` */
  async begin(): Promise<void> {
    if (!this.isBegun) await this.store.begin()
    this.isBegun = true
  }

  /** Generates and scores the missing answers. A run that ends before its first answer is removed. */
  async compute({ engine, signal, notify }: WorkRuntime): Promise<ComputedAnswers> {
    await this.begin()
    const { run, sampled, store } = this
    const computed = { answers: 0, tokens: 0, scored: 0 }
    const seconds = await runEvaluation(
      engine,
      { run, pair: sampled, stored: this.stored ?? { samples: [], scores: [] } },
      {
        planned: (computation) => store.planned(computation),
        onRecord: (record) => {
          notifyOfRefusal(record, notify)
          return store.onRecord(record)
        },
        async keepSamples(lines) {
          await store.keepSamples(lines)
          computed.answers += lines.length
          computed.tokens += lines.reduce((sum, { tokens }) => sum + tokens.length, 0)
        },
        async keepScores(scores) {
          await store.keepScores(scores)
          computed.scored += 1
        },
        progress: (progress) => notify({ type: 'progress', kind: 'evaluate', progress })
      },
      signal
    ).catch(droppingUnanswered(store))
    return { ...computed, seconds }
  }

  files(): Promise<EvaluationFiles> {
    return this.store.files()
  }

  /** Removes the run if it has no answers. */
  abandon(): Promise<void> {
    return dropUnanswered(this.store)
  }
}

function storeOf(pair: ProjectPair | null, run: EvaluationRun): EvaluationStore {
  return pair === null ? memoryStore(run) : projectStore(pair, run)
}

function projectStore({ evaluations }: ProjectPair, run: EvaluationRun): EvaluationStore {
  const { id } = run
  return {
    begin: () => evaluations.add(run),
    planned: (computation) => evaluations.noteComputation(id, computation),
    onRecord: (record) => evaluations.noteExternal(id, record),
    keepSamples: (lines) => evaluations.appendSamples(id, lines),
    keepScores: (scores) => evaluations.append(id, 'scores', [scores]),
    files: () => evaluations.read(id),
    drop: () => evaluations.dropUnanswered(id)
  }
}

function memoryStore(prepared: EvaluationRun): EvaluationStore {
  let run = prepared
  const samples: SampleLine[] = []
  const scores: PromptScores[] = []
  return {
    begin: () => Promise.resolve(),
    planned(computation) {
      run = { ...run, ...computation }
      return Promise.resolve()
    },
    onRecord(record) {
      run = { ...run, external: withRecord(run.external, record) }
      return Promise.resolve()
    },
    keepSamples(lines) {
      samples.push(...lines)
      return Promise.resolve()
    },
    keepScores(score) {
      scores.push(score)
      return Promise.resolve()
    },
    files: () => Promise.resolve({ run, samples, scores, verdicts: [], pairVerdicts: [], forms: [] }),
    drop: () => Promise.resolve()
  }
}
