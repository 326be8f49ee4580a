import { readCheckedSweep, type StoredCheckedSweep } from '../project/results/checked-sweep'
import PQueue from 'p-queue'
import { defaultSweepOf } from '../../contract/documents/default-sweep'
import type { AnswerCheck } from '../../contract/documents/answer-check'
import type { ChecksumsDocument } from '../../contract/documents/checksums'
import type { Selection, SweepDocument } from '../../contract/documents/crc'
import type { DistancesDocument } from '../../contract/documents/distances'
import type { EvaluationView } from '../../contract/documents/evaluation'
import type { LineageDocument } from '../../contract/documents/lineage'
import type { PairReport } from '../../contract/documents/pair'
import { areModelsAway, MODELS_AWAY } from '../../contract/words/pair-words'
import { WorkbenchError } from '../../contract/model/problem'
import type { PairDocument, PairState } from '../../contract/documents/project'
import type { SampledCrc, SampleLine, SampleRun } from '../../contract/documents/samples'
import type { SearchDocument } from '../../contract/documents/search'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import { otherSweeps } from './other-sweeps'
import { evaluationView } from '../project/results/stored-evaluation'
import type { ProjectPair } from '../project/pair/project-pair'
import { storedDistances } from '../project/results/stored-distances'

/** Number of sample runs that a report shows. Each takes a table of answers. */
const SHOWN_SAMPLE_RUNS = 3

/** All stored results of a pair that a report describes. Null for results that do not exist. */
export interface StoredExperiment {
  document: PairDocument
  /** Null if the pair cannot be read at present. */
  pair: PairReport | null
  checksums: { base: ChecksumsDocument | null; post: ChecksumsDocument | null }
  distances: DistancesDocument | null
  sweep: SweepDocument | null
  /** Selection under the pair's current rho. Null if the sweep scored no ranges. */
  selection: Selection | null
  search: SearchDocument | null
  /** Full-answer check of the sweep's best ranges. */
  answerCheck: AnswerCheck | null
  /** The newest runs, newest first. */
  samples: { run: SampleRun; samples: SampleLine[] }[]
  /** The character task on sampled answers. */
  check: SampledCrc | null
  evaluations: EvaluationView[]
  /** One sweep of each other scoring, such as another task. */
  otherSweeps: StoredCheckedSweep[]
  lineage: LineageDocument | null
  sweepCount: number
  sampleRunCount: number
  /** Warnings about documents that could not be read. */
  unread: string[]
}

/** Evaluations with many answers are read and measured in processes of their own. */
const READ_AT_ONCE = 2

/** Returns an expected error as a value. @throws any other error */
function problemOfReading(error: unknown): WorkbenchError {
  if (error instanceof WorkbenchError) return error
  throw error
}

/** Reads the results of a pair for a report. @param sweepId sweep to show; the default sweep if omitted */
export async function readExperiment(
  pair: ProjectPair,
  { pair: pairReport, pairProblem }: PairState,
  sweepId = defaultSweepOf(pair.sweeps)?.id
): Promise<StoredExperiment> {
  const unread = [...pair.project.warnings]
  if (pairProblem !== null)
    unread.push(
      areModelsAway({ pairProblem })
        ? MODELS_AWAY
        : `The pair could not be read when this report was written. ${pairProblem.message}`
    )
  const ifReadable = async <T>(read: () => Promise<T | null>): Promise<T | null> => {
    const document = await read().catch(problemOfReading)
    if (!(document instanceof WorkbenchError)) return document
    unread.push(document.message)
    return null
  }
  /** Reads documents in the order of their ids, without those that cannot be read. */
  const readAll = async <T>(ids: readonly string[], read: (id: string) => Promise<T>): Promise<T[]> => {
    const queue = new PQueue({ concurrency: READ_AT_ONCE })
    const documents = await queue.addAll(ids.map((id) => () => read(id).catch(problemOfReading)))
    unread.push(...documents.flatMap((document) => (document instanceof WorkbenchError ? document.message : [])))
    return documents.flatMap((document) => (document instanceof WorkbenchError ? [] : [document]))
  }
  const sweep = sweepId === undefined ? null : await pair.readSweep(sweepId)
  const answerCheck = sweep === null ? null : await ifReadable(() => pair.readAnswerCheck(sweep.id))
  const { rho } = pair.document.settings
  const runs = pair.samples.runs.map(({ id }) => id)
  return {
    document: pair.document,
    pair: pairReport,
    checksums: {
      base: pairReport && (await pair.project.readings.checksums(pairReport.base)),
      post: pairReport && (await pair.project.readings.checksums(pairReport.post))
    },
    distances: (await storedDistances(pair, pairReport)).distances,
    sweep,
    selection: sweep === null ? null : await runCooperatively(checkedSelection(sweep, answerCheck, rho)),
    answerCheck,
    search: sweep === null ? null : await ifReadable(() => pair.readSearch(sweep.id)),
    samples: await readAll(runs.slice(0, SHOWN_SAMPLE_RUNS), (id) => pair.samples.readAnswers(id)),
    check: await ifReadable(() => pair.samples.readCheck()),
    evaluations: await readAll(
      pair.evaluations.runs.map(({ id }) => id),
      (id) => evaluationView(pair, id, sweepId === undefined ? {} : { sweepId })
    ),
    otherSweeps: await readAll(
      otherSweeps(pair.sweeps, sweepId).map(({ id }) => id),
      (id) => readCheckedSweep(pair, id)
    ),
    lineage: await ifReadable(() => pair.readLineage()),
    sweepCount: pair.sweeps.length,
    sampleRunCount: runs.length,
    unread
  }
}
