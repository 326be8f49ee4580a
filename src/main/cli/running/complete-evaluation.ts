import { plural } from '../../../contract/words/format'
import type { JudgeSettings } from '../../../contract/documents/judge'
import type { EvaluationRun } from '../../../contract/documents/evaluation'
import { WorkbenchError } from '../../../contract/model/problem'
import { roomNotice } from '../../base/files/room'
import type { Proxies } from '../../measures/messages'
import type { EvaluationFiles } from '../../project/documents/evaluation-files'
import type { ProjectPair } from '../../project/pair/project-pair'
import { proxiesOf } from '../../project/results/stored-evaluation'
import { verdictsOf } from '../../project/results/stored-verdicts'
import { maxAnswerBytes } from '../../samples/answer-bytes'
import type { EvaluationWork } from '../../work/evaluation'
import { runJudge } from './judge'
import { withProgress } from './shown-work'
import { type SavedWork, untilStopped } from './stopped'

interface EvaluationContext {
  readonly judge: JudgeSettings | null
  readonly quiet: boolean
  readonly signal: AbortSignal
  readonly note: (text: string) => void
}

interface EvaluationOutcome {
  files: EvaluationFiles
  proxies: Proxies
  /** Error of the judge, with the saved results; null if there is none. */
  failure: WorkbenchError | null
}

/** Completes and judges an evaluation, in a project if one is named. Describes saved results if the user stops it. */
export async function completeEvaluation(
  work: EvaluationWork,
  projectPair: ProjectPair | null,
  context: EvaluationContext
): Promise<EvaluationOutcome> {
  const { run, stored } = work
  if (projectPair !== null) await notifyOfRoom(run, projectPair, context.note)
  await work.begin()
  if (stored !== null) {
    const { length } = stored.samples
    context.note(`Resuming evaluation ${run.id}: ${plural(length, 'answer')} ${length === 1 ? 'is' : 'are'} saved`)
  }
  return untilStopped(
    context,
    () => (projectPair === null ? SAVED_IN_MEMORY : savedOfEvaluation(projectPair, run)),
    () => computeAndJudge(work, projectPair, context)
  )
}

const SAVED_IN_MEMORY: SavedWork = {
  saved: 'Nothing is saved. With --project FOLDER an evaluation can be resumed.',
  resumable: false
}

async function computeAndJudge(
  work: EvaluationWork,
  projectPair: ProjectPair | null,
  { judge, quiet, signal, note }: EvaluationContext
): Promise<EvaluationOutcome> {
  const { run } = work
  await withProgress({ quiet, signal }, (runtime) => work.compute(runtime))
  if (projectPair !== null) note(`Saved in ${projectPair.project.path} as evaluation ${run.id}`)
  const proxies = projectPair === null ? NO_PROXIES : await proxiesOf(projectPair, run)
  const files = await work.files()
  if (judge === null) return { files, proxies, failure: null }
  const store = projectPair === null ? null : verdictsOf(projectPair, run.id, judge)
  const ended = await runJudge(files, judge, quiet, signal, store)
  if (ended.failure === null) await projectPair?.evaluations.noteJudge(run.id, judge)
  const advice =
    projectPair === null
      ? ['With --project FOLDER answers and verdicts are saved, and the same command resumes.']
      : [(await savedOfEvaluation(projectPair, run)).saved, 'The same command resumes.']
  return { files: ended.files, proxies, failure: failureWith(ended.failure, advice) }
}

const NO_PROXIES: Proxies = { characters: null, task: null }

async function notifyOfRoom(
  { task: { prompts, settings }, variants }: EvaluationRun,
  projectPair: ProjectPair,
  note: (text: string) => void
): Promise<void> {
  const answerCount = variants.length * prompts.length * settings.sampleCount
  const notice = await roomNotice(projectPair.folder, maxAnswerBytes(answerCount, settings.maxTokens))
  if (notice !== null) note(notice)
}

async function savedOfEvaluation(projectPair: ProjectPair, run: EvaluationRun): Promise<SavedWork> {
  if (!projectPair.evaluations.runs.some(({ id }) => id === run.id))
    return { saved: 'No answer was finished, so nothing is saved.', resumable: false }
  const { samples, scores, verdicts, pairVerdicts, forms } = await projectPair.evaluations.read(run.id)
  const verdictCount = verdicts.length + pairVerdicts.length + forms.length
  const verdictText = verdictCount === 0 ? '' : ` and ${plural(verdictCount, 'verdict')}`
  if (samples.length === 0) {
    return {
      saved: `No answer was finished. Evaluation ${run.id} is started in ${projectPair.project.path}.`,
      resumable: true
    }
  }
  const results = `${plural(samples.length, 'answer')}, the scores of ${plural(scores.length, 'prompt')}${verdictText}`
  return {
    saved: `${results} are saved in ${projectPair.project.path} as evaluation ${run.id}.`,
    resumable: true
  }
}

/** Adds advice about the saved results to the error of a judge. */
function failureWith(failure: WorkbenchError | null, advice: readonly string[]): WorkbenchError | null {
  if (failure === null) return null
  const { code, message, hint } = failure.problem
  return new WorkbenchError(code, message, [...(hint === undefined ? [] : [hint]), ...advice].join(' '))
}
