import { plural } from '../../../contract/words/format'
import type { JudgeSettings } from '../../../contract/documents/judge'
import type { EvaluationProgress, EvaluationRun, PromptScores } from '../../../contract/documents/evaluation'
import type { SampleLine } from '../../../contract/documents/samples'
import { WorkbenchError } from '../../../contract/model/problem'
import {
  type EvaluationListener,
  type EvaluationToMake,
  runEvaluation
} from '../../evaluation/run-evaluation'
import type { Proxies } from '../../measures/proxy-correlation'
import { pairPaths } from '../../project/demo'
import type { EvaluationFiles } from '../../project/documents/evaluation-files'
import type { ProjectPair } from '../../project/pair/project-pair'
import { proxiesOf, sameEvaluation } from '../../project/results/stored-evaluation'
import { verdictsOf } from '../../project/results/stored-verdicts'
import { roomNotice } from '../../base/files/room'
import { mostAnswerBytes } from '../../samples/answer-bytes'
import { openSampledPair, type SampledPair } from '../../samples/generation'
import { withRecord } from '../../samples/outside-records'
import { droppingUnanswered } from '../../jobs/dropping-unanswered'
import { withEngine } from './engine'
import { judged } from './judge'
import { evaluationStep, progressDisplay } from './progress'
import { type Kept, untilStopped } from './stopped'

/** How an evaluation is made: who judges it, and how that is told and stopped. */
interface Making {
  readonly judge: JudgeSettings | null
  readonly quiet: boolean
  readonly signal: AbortSignal
  readonly tell: (text: string) => void
}

/** A prepared evaluation. */
interface Prepared {
  readonly run: EvaluationRun
  readonly pair: SampledPair
}

/** What an evaluation came to, and the sweeps that say how well the proxy predicts it. */
export interface MadeEvaluation {
  files: EvaluationFiles
  proxies: Proxies
  /** Why its judge stopped, with what is kept; null where it did not, or there is none. */
  failure: WorkbenchError | null
}

/**
 * Makes an evaluation, in a project where one is named: what it has of the same evaluation is taken over. Says what is kept when
 * the user stops it.
 */
export function madeEvaluation(
  prepared: Prepared,
  own: ProjectPair | null,
  making: Making
): Promise<MadeEvaluation> {
  if (own !== null) return evaluateInProject(prepared.run, own, making)
  return untilStopped(
    making,
    () => ({
      kept: 'Nothing is kept: an evaluation goes on where it was stopped with --project FOLDER.',
      goesOn: false
    }),
    () => evaluateInMemory(prepared, making)
  )
}

/** Answers and scores are kept in the project as they come; an unfinished run of the same evaluation goes on. */
async function evaluateInProject(
  fresh: EvaluationRun,
  own: ProjectPair,
  making: Making
): Promise<MadeEvaluation> {
  const earlier = await sameEvaluation(own, fresh)
  const run = earlier?.run ?? fresh
  await tellOfRoom(run, own, making.tell)
  if (earlier === null) await own.evaluations.add(run)
  else
    making.tell(
      `Going on with evaluation ${run.id}: ${plural(earlier.samples.length, 'answer')} ${earlier.samples.length === 1 ? 'is' : 'are'} there already`
    )
  return untilStopped(
    making,
    () => keptOfEvaluation(own, run),
    () => evaluateRun(run, earlier, own, making).catch(droppingUnanswered(own.evaluations, run.id))
  )
}

async function tellOfRoom(
  { task: { prompts, settings }, variants }: EvaluationRun,
  own: ProjectPair,
  tell: (text: string) => void
): Promise<void> {
  const answerCount = variants.length * prompts.length * settings.sampleCount
  const notice = await roomNotice(own.folder, mostAnswerBytes(answerCount, settings.maxTokens))
  if (notice !== null) tell(notice)
}

async function keptOfEvaluation(own: ProjectPair, run: EvaluationRun): Promise<Kept> {
  if (!own.evaluations.runs.some(({ id }) => id === run.id))
    return { kept: 'No answer was finished, so nothing is kept.', goesOn: false }
  const { samples, scores, verdicts, pairVerdicts, forms } = await own.evaluations.read(run.id)
  const verdictCount = verdicts.length + pairVerdicts.length + forms.length
  const judged = verdictCount === 0 ? '' : ` and ${plural(verdictCount, 'verdict')}`
  if (samples.length === 0) {
    return {
      kept: `No answer was finished; evaluation ${run.id} is begun in ${own.project.path}.`,
      goesOn: true
    }
  }
  return {
    kept: `${plural(samples.length, 'answer')}, the scores of ${plural(scores.length, 'prompt')}${judged} are kept in ${own.project.path} as evaluation ${run.id}.`,
    goesOn: true
  }
}

async function evaluateRun(
  run: EvaluationRun,
  earlier: EvaluationFiles | null,
  own: ProjectPair,
  { judge, quiet, signal, tell }: Making
): Promise<MadeEvaluation> {
  const pair = await openSampledPair(pairPaths(own.document.location))
  await runWithProgress(
    { run, pair, stored: earlier ?? { samples: [], scores: [] } },
    {
      learned: (record) => own.evaluations.noteOutside(run.id, record),
      planned: (computation) => own.evaluations.noteComputation(run.id, computation),
      keepSamples: (lines) => own.evaluations.appendSamples(run.id, lines),
      keepScores: (scores) => own.evaluations.appendScores(run.id, scores)
    },
    quiet,
    signal
  )
  tell(`Saved in ${own.project.path} as evaluation ${run.id}`)
  const proxies = await proxiesOf(own, run)
  const files = await own.evaluations.read(run.id)
  if (judge === null) return { files, proxies, failure: null }
  await own.evaluations.noteJudge(run.id, judge)
  const ended = await judged(files, judge, quiet, signal, verdictsOf(own, run.id))
  return {
    files: ended.files,
    proxies,
    failure: failureWith(ended.failure, (await keptOfEvaluation(own, run)).kept, 'The same command goes on.')
  }
}

async function evaluateInMemory(
  { run, pair }: Prepared,
  { judge, quiet, signal }: Making
): Promise<MadeEvaluation> {
  const samples: SampleLine[] = []
  const scores: PromptScores[] = []
  let { precision, weights, outside } = run
  await runWithProgress(
    { run, pair, stored: { samples: [], scores: [] } },
    {
      learned: (record) => {
        outside = withRecord(outside, record)
        return Promise.resolve()
      },
      planned: (computation) => {
        ;({ precision, weights } = computation)
        return Promise.resolve()
      },
      keepSamples: (lines) => {
        samples.push(...lines)
        return Promise.resolve()
      },
      keepScores: (score) => {
        scores.push(score)
        return Promise.resolve()
      }
    },
    quiet,
    signal
  )
  const files = {
    run: { ...run, precision, weights, outside },
    ...{ samples, scores, verdicts: [], pairVerdicts: [], forms: [] }
  }
  const proxies = { characters: null, task: null }
  if (judge === null) return { files, proxies, failure: null }
  const nowhere = {
    keep: () => Promise.resolve(),
    keepPair: () => Promise.resolve(),
    keepForms: () => Promise.resolve(),
    knownForms: () => Promise.resolve([])
  }
  const ended = await judged(files, judge, quiet, signal, nowhere)
  const goesOn = 'With --project FOLDER answers and verdicts are kept, and the same command goes on.'
  return { files: ended.files, proxies, failure: failureWith(ended.failure, goesOn) }
}

/** The failure of a judge, with what is left of its work. */
function failureWith(failure: WorkbenchError | null, ...left: readonly string[]): WorkbenchError | null {
  if (failure === null) return null
  const { code, message, hint } = failure.problem
  return new WorkbenchError(code, message, [...(hint === undefined ? [] : [hint]), ...left].join(' '))
}

async function runWithProgress(
  work: EvaluationToMake,
  keep: Omit<EvaluationListener, 'progress'>,
  quiet: boolean,
  signal: AbortSignal
): Promise<void> {
  const display = progressDisplay(quiet)
  const progress = (now: EvaluationProgress): void => display.update(evaluationStep(now))
  try {
    await withEngine((engine) => runEvaluation(engine, work, { ...keep, progress }, signal))
  } finally {
    display.stop()
  }
}
