import { type JudgeProgress, type JudgeSettings, judgeWarning } from '../../contract/documents/judge'
import { formatCount, plural } from '../../contract/words/format'
import { judgeEvaluation } from '../evaluation/judge-evaluation'
import { judgingOf } from '../evaluation/judging'
import type { EvaluationFiles } from '../project/documents/evaluation-files'
import { withJudge } from '../project/pair/project-evaluations'
import type { ProjectPair } from '../project/pair/project-pair'
import { verdictsOf } from '../project/results/stored-verdicts'

/** Counts the questions to a judge that have no stored verdict. */
export const missingVerdicts = (stored: EvaluationFiles, judge: JudgeSettings): number =>
  judgingOf({ ...stored, run: withJudge(stored.run, judge) })
    .filter(({ way }) => way === judge.way)
    .reduce((missing, { total, done }) => missing + total - done, 0)

/** Sends a judge the questions without a stored reply, and stores its replies. @param judge.apiKey null for none */
export async function judgeStored(
  pair: ProjectPair,
  evaluationId: string,
  judge: { settings: JudgeSettings; apiKey: string | null },
  progress: (progress: JudgeProgress) => void,
  signal: AbortSignal
): Promise<void> {
  const files = await pair.evaluations.read(evaluationId)
  await judgeEvaluation(files, judge, verdictsOf(pair, evaluationId, judge.settings), progress, signal)
  // All verdicts may have been stored before.
  await pair.evaluations.noteJudge(evaluationId, judge.settings)
}

/**
 * Wraps a progress listener of a judge. The first progress comes before the first request, so a notice before it says
 * in time what is sent and where.
 */
export function withSendingNotice(
  judge: JudgeSettings,
  showNotice: (notice: string) => void,
  onProgress: (progress: JudgeProgress) => void
): (progress: JudgeProgress) => void {
  let isShown = false
  return (progress) => {
    if (!isShown) showNotice(sendingNotice(judge, progress))
    isShown = true
    onProgress(progress)
  }
}

/** Says what a judge receives and where, and how many stored verdicts are reused. */
export function sendingNotice(judge: JudgeSettings, { done, total }: JudgeProgress): string {
  const reused = `${formatCount(done)} of ${plural(total, 'verdict')} ${done === 1 ? 'is' : 'are'} reused`
  if (total === 0) return 'No answer needs a verdict; nothing is sent.'
  if (done === total) return `${reused}; nothing is sent.`
  return done === 0 ? judgeWarning(judge) : `${judgeWarning(judge)} ${reused}.`
}
