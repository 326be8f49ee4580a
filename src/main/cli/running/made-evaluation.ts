import { plural } from '../../../contract/words/format'
import type { JudgeSettings } from '../../../contract/documents/judge'
import type { EvaluationRun } from '../../../contract/documents/evaluation'
import { WorkbenchError } from '../../../contract/model/problem'
import { roomNotice } from '../../base/files/room'
import type { VerdictStore } from '../../evaluation/judge-evaluation'
import type { Proxies } from '../../measures/proxy-correlation'
import type { EvaluationFiles } from '../../project/documents/evaluation-files'
import type { ProjectPair } from '../../project/pair/project-pair'
import { proxiesOf } from '../../project/results/stored-evaluation'
import { verdictsOf } from '../../project/results/stored-verdicts'
import { maxAnswerBytes } from '../../samples/answer-bytes'
import type { EvaluationWork } from '../../work/evaluation'
import { judged } from './judge'
import { withProgress } from './shown-work'
import { type Kept, untilStopped } from './stopped'

/** Settings of a run: the judge, the output and the signal. */
interface Making {
  readonly judge: JudgeSettings | null
  readonly quiet: boolean
  readonly signal: AbortSignal
  readonly tell: (text: string) => void
}

/** Result of an evaluation, with the sweeps that act as its proxies. */
export interface MadeEvaluation {
  files: EvaluationFiles
  proxies: Proxies
  /** Error of the judge, with the saved results; null if there is none. */
  failure: WorkbenchError | null
}

/** Completes and judges an evaluation, in a project if one is named. Describes saved results if the user stops it. */
export async function madeEvaluation(
  work: EvaluationWork,
  own: ProjectPair | null,
  making: Making
): Promise<MadeEvaluation> {
  const { run, stored } = work
  if (own !== null) await tellOfRoom(run, own, making.tell)
  await work.begin()
  if (stored !== null) {
    const { length } = stored.samples
    making.tell(
      `Going on with evaluation ${run.id}: ${plural(length, 'answer')} ${length === 1 ? 'is' : 'are'} there already`
    )
  }
  return untilStopped(
    making,
    () => (own === null ? KEPT_IN_MEMORY : keptOfEvaluation(own, run)),
    () => completed(work, own, making)
  )
}

const KEPT_IN_MEMORY: Kept = {
  kept: 'Nothing is kept: an evaluation goes on where it was stopped with --project FOLDER.',
  goesOn: false
}

async function completed(
  work: EvaluationWork,
  own: ProjectPair | null,
  { judge, quiet, signal, tell }: Making
): Promise<MadeEvaluation> {
  const { run } = work
  await withProgress({ quiet, signal }, (means) => work.compute(means))
  if (own !== null) tell(`Saved in ${own.project.path} as evaluation ${run.id}`)
  const proxies = own === null ? NO_PROXIES : await proxiesOf(own, run)
  const files = await work.files()
  if (judge === null) return { files, proxies, failure: null }
  await own?.evaluations.noteJudge(run.id, judge)
  const ended = await judged(files, judge, quiet, signal, own === null ? NOWHERE : verdictsOf(own, run.id))
  const left =
    own === null
      ? ['With --project FOLDER answers and verdicts are kept, and the same command goes on.']
      : [(await keptOfEvaluation(own, run)).kept, 'The same command goes on.']
  return { files: ended.files, proxies, failure: failureWith(ended.failure, ...left) }
}

const NO_PROXIES: Proxies = { characters: null, task: null }

const NOWHERE: VerdictStore = {
  keep: () => Promise.resolve(),
  keepPair: () => Promise.resolve(),
  keepForms: () => Promise.resolve(),
  knownForms: () => Promise.resolve([])
}

async function tellOfRoom(
  { task: { prompts, settings }, variants }: EvaluationRun,
  own: ProjectPair,
  tell: (text: string) => void
): Promise<void> {
  const answerCount = variants.length * prompts.length * settings.sampleCount
  const notice = await roomNotice(own.folder, maxAnswerBytes(answerCount, settings.maxTokens))
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

/** Adds the saved results to the error of a judge. */
function failureWith(failure: WorkbenchError | null, ...left: readonly string[]): WorkbenchError | null {
  if (failure === null) return null
  const { code, message, hint } = failure.problem
  return new WorkbenchError(code, message, [...(hint === undefined ? [] : [hint]), ...left].join(' '))
}
