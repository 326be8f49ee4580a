import type { JudgeWay } from '../../../contract/model/judge-way'
import type { JudgeSettings, Judging } from '../../../contract/documents/judge'
import { isUnusable } from '../../../contract/words/judging-words'
import { inputError, WorkbenchError } from '../../../contract/model/problem'
import { judgeKey } from '../../evaluation/judge'
import {
  judgeEvaluation,
  type EvaluationLines,
  type VerdictKind,
  type VerdictStore
} from '../../evaluation/judge-evaluation'
import type { EvaluationFiles } from '../../project/documents/evaluation-files'
import { withJudge } from '../../project/pair/project-evaluations'
import type { ProjectPair } from '../../project/pair/project-pair'
import { isComplete } from '../../project/results/stored-evaluation'
import { verdictsOf } from '../../project/results/stored-verdicts'
import { optionGroup } from '../options/option-group'
import { text } from '../options/option-kinds'
import { addressOption } from '../options/server-file'
import { remark } from '../printing/output'
import { progressStep } from '../../../contract/work/progress'
import { missingVerdicts, withSendingNotice } from '../../work/judging'
import { progressDisplay } from './progress'

export const judgeOptions = optionGroup('Servers (texts are sent to named servers only):')
  .options({
    judge: text('<file>', 'judge of answers: MODEL@URL, or a file in YAML')
  })
  .and(addressOption)

/** An evaluation with the replies of its judge. */
interface JudgedEvaluation {
  readonly files: EvaluationFiles
  /** Error of the judge; null if it replied to everything. */
  readonly failure: WorkbenchError | null
}

/** Judges the answers of an evaluation, after a notice of the sent texts. A failing judge keeps all measures. */
export async function runJudge(
  files: EvaluationFiles,
  judge: JudgeSettings,
  quiet: boolean,
  signal: AbortSignal,
  store: VerdictStore | null
): Promise<JudgedEvaluation> {
  const apiKey = judgeKey(judge, undefined)
  const display = progressDisplay(quiet)
  const progress = withSendingNotice(judge, remark, (now) =>
    display.update(progressStep({ kind: 'judge', way: judge.way, progress: now }))
  )
  const replies: { [Kind in VerdictKind]: EvaluationLines[Kind][] } = {
    verdicts: [...files.verdicts],
    pairVerdicts: [...files.pairVerdicts],
    forms: [...files.forms]
  }
  const keeping: VerdictStore = {
    async keep(kind, verdicts) {
      await store?.keep(kind, verdicts)
      replies[kind].push(...verdicts)
    },
    knownForms: () => store?.knownForms() ?? Promise.resolve([])
  }
  let failure: WorkbenchError | null = null
  try {
    await judgeEvaluation(files, { settings: judge, apiKey }, keeping, progress, signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof WorkbenchError)) throw error
    failure = error
  } finally {
    display.stop()
  }
  return { files: { ...files, ...replies, run: withJudge(files.run, judge) }, failure }
}

/** Reports whether an evaluation has an answer without a stored reply of this judge. */
export async function lacksVerdicts(
  projectPair: ProjectPair | null,
  stored: EvaluationFiles | null,
  judge: JudgeSettings
): Promise<boolean> {
  if (projectPair === null || stored === null || !isComplete(stored)) return true
  const reusable = judge.way === 'forms' ? await verdictsOf(projectPair, stored.run.id, judge).knownForms() : []
  return missingVerdicts({ ...stored, forms: [...stored.forms, ...reusable] }, judge) > 0
}

/** Returns an error if no reply of a judge is usable; null otherwise. */
export function nothingJudged(judging: readonly Judging[], way: JudgeWay): WorkbenchError | null {
  const judged = judging.find((one) => one.way === way)
  if (judged === undefined || !isUnusable(judged)) return null
  return inputError(
    `The judge ${judged.model} gave no usable verdict.`,
    'Use another model or rubric in --judge. All answers are then sent again.'
  )
}
