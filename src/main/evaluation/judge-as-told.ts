import type { EvaluationRun } from '../../contract/documents/evaluation'
import type {
  AnswerForm,
  JudgeProgress,
  JudgeSettings,
  JudgeVerdict,
  PairVerdict
} from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import { judgeAnswers } from './judge'
import { judgeForms } from './judge-forms'
import { judgePairs } from './judge-pairs'

/** An evaluation's answers, and what judges have said of them. */
export interface AnswersWithVerdicts {
  readonly run: EvaluationRun
  readonly samples: readonly SampleLine[]
  readonly verdicts: readonly JudgeVerdict[]
  readonly pairVerdicts: readonly PairVerdict[]
  readonly forms: readonly AnswerForm[]
}

/** Where what a judge says goes as it comes. */
export interface VerdictStore {
  keep(verdict: JudgeVerdict): Promise<void>
  keepPair(verdict: PairVerdict): Promise<void>
  keepForms(forms: readonly AnswerForm[]): Promise<void>
  /** What was read for other evaluations, so that no answer is sent twice. */
  knownForms(): Promise<readonly AnswerForm[]>
}

/**
 * Has a judge mark an evaluation's answers, compare them in pairs or say what they mean, whichever its settings say. What it has
 * said before is not asked again.
 *
 * @param apiKey null when the endpoint needs none
 * @throws WorkbenchError as `askJudge`
 */
export async function judgeAsTold(
  { run, samples, verdicts, pairVerdicts, forms }: AnswersWithVerdicts,
  { settings, apiKey }: { settings: JudgeSettings; apiKey: string | null },
  store: VerdictStore,
  progress: (progress: JudgeProgress) => void,
  signal: AbortSignal
): Promise<void> {
  const asked = { run, samples, settings, apiKey }
  switch (settings.way) {
    case 'marks':
      return judgeAnswers(
        { ...asked, known: verdicts },
        { keep: (said) => store.keep(said), progress },
        signal
      )
    case 'pairs':
      return judgePairs(
        { ...asked, known: pairVerdicts },
        { keep: (said) => store.keepPair(said), progress },
        signal
      )
    case 'forms':
      return judgeForms(
        { ...asked, known: forms, ofOtherEvaluations: await store.knownForms() },
        { keep: (said) => store.keepForms([said]), keepAll: (said) => store.keepForms(said), progress },
        signal
      )
  }
}
