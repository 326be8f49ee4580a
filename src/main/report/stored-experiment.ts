import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { AnswerCheck } from '../../contract/documents/answer-check'
import type { ChecksumsDocument } from '../../contract/documents/checksums'
import type { Selection, SweepDocument } from '../../contract/documents/crc'
import type { DistancesDocument } from '../../contract/documents/distances'
import type { EvaluationView } from '../../contract/documents/evaluation'
import type { PairReport } from '../../contract/documents/pair'
import { areModelsAway, MODELS_AWAY } from '../../contract/words/pair-words'
import { WorkbenchError } from '../../contract/model/problem'
import type { PairDocument, PairState } from '../../contract/documents/project'
import type { SampledCrc, SampleLine, SampleRun } from '../../contract/documents/samples'
import type { SearchDocument } from '../../contract/documents/search'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import { otherSweeps, type StoredOtherSweep } from './other-sweeps'
import { evaluationView } from '../project/results/stored-evaluation'
import type { ProjectPair } from '../project/pair/project-pair'
import { storedDistances } from '../project/results/stored-distances'

/** Runs of samples that a report shows; each takes a table of answers. */
const SHOWN_SAMPLE_RUNS = 3

/** What a report tells of, as the project has it. */
export interface StoredExperiment {
  document: PairDocument
  /** Null when it cannot be read now. */
  pair: PairReport | null
  checksums: { base: ChecksumsDocument | null; post: ChecksumsDocument | null }
  distances: DistancesDocument | null
  sweep: SweepDocument | null
  /** With the project's rho of now, as the window shows it; null when the sweep scored no ranges. */
  selection: Selection | null
  search: SearchDocument | null
  /** Of the sweep's best ranges on whole answers. */
  answerCheck: AnswerCheck | null
  /** The newest, newest first. */
  samples: { run: SampleRun; samples: SampleLine[] }[]
  check: SampledCrc | null
  /** Newest first. */
  evaluations: EvaluationView[]
  /** One of each other scoring. */
  otherSweeps: StoredOtherSweep[]
  sweepCount: number
  sampleRunCount: number
  /** What could not be read, and so is left out. */
  unread: string[]
}

/**
 * Reads a project for its report.
 *
 * @param sweepId of the sweep to show; that which the pair answers with when left out
 * @throws WorkbenchError `not-found`, `bad-file` or `newer-version` for the sweep; whatever else cannot be read is left out
 */
export async function readExperiment(
  own: ProjectPair,
  { pair: pairReport, pairProblem }: PairState,
  sweepId = defaultSweepOf(own.sweeps)?.id
): Promise<StoredExperiment> {
  const unread = [...own.project.warnings]
  if (pairProblem !== null)
    unread.push(
      areModelsAway({ pairProblem })
        ? MODELS_AWAY
        : `The pair could not be read when this report was written. ${pairProblem.message}`
    )
  const ifReadable = async <T>(read: () => Promise<T | null>): Promise<T | null> => {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      unread.push(error.message)
      return null
    }
  }
  const all = async <T>(ids: readonly string[], read: (id: string) => Promise<T>): Promise<T[]> => {
    const found: T[] = []
    for (const id of ids) {
      const one = await ifReadable(() => read(id))
      if (one !== null) found.push(one)
    }
    return found
  }
  const sweep = sweepId === undefined ? null : await own.readSweep(sweepId)
  const answerCheck = sweep === null ? null : await ifReadable(() => own.readAnswerCheck(sweep.id))
  const { rho } = own.document.settings
  const runs = own.samples.runs.map(({ id }) => id)
  return {
    document: own.document,
    pair: pairReport,
    checksums: {
      base: pairReport === null ? null : await own.project.readings.checksums(pairReport.base),
      post: pairReport === null ? null : await own.project.readings.checksums(pairReport.post)
    },
    distances: (await storedDistances(own, pairReport)).distances,
    sweep,
    selection: sweep === null ? null : await runCooperatively(checkedSelection(sweep, answerCheck, rho)),
    answerCheck,
    search: sweep === null ? null : await ifReadable(() => own.readSearch(sweep.id)),
    samples: await all(runs.slice(0, SHOWN_SAMPLE_RUNS), (id) => own.samples.readAnswers(id)),
    check: await ifReadable(() => own.samples.readCheck()),
    evaluations: await all(
      own.evaluations.runs.map(({ id }) => id),
      (id) => evaluationView(own, id, sweepId === undefined ? {} : { sweepId })
    ),
    otherSweeps: await all(
      otherSweeps(own.sweeps, sweepId).map(({ id }) => id),
      (id) => readOtherSweep(own, id)
    ),
    sweepCount: own.sweeps.length,
    sampleRunCount: runs.length,
    unread
  }
}

async function readOtherSweep(pair: ProjectPair, id: string): Promise<StoredOtherSweep> {
  const [sweep, check] = [await pair.readSweep(id), await pair.readAnswerCheck(id)]
  const selection = await runCooperatively(checkedSelection(sweep, check, pair.document.settings.rho))
  return { sweep, check, selection }
}
