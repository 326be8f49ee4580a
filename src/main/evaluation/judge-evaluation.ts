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

export interface AnswersWithVerdicts {
  readonly run: EvaluationRun
  readonly samples: readonly SampleLine[]
  readonly verdicts: readonly JudgeVerdict[]
  readonly pairVerdicts: readonly PairVerdict[]
  readonly forms: readonly AnswerForm[]
}

export interface VerdictStore {
  keep(verdict: JudgeVerdict): Promise<void>
  keepPair(verdict: PairVerdict): Promise<void>
  keepForms(forms: readonly AnswerForm[]): Promise<void>
  /** Loads forms that were read for other evaluations, so that no answer is sent twice. */
  knownForms(): Promise<readonly AnswerForm[]>
}

/** Runs a judge in the way that its settings name. Stored verdicts are reused. @throws WorkbenchError as `askJudge` */
export async function judgeEvaluation(
  { run, samples, verdicts, pairVerdicts, forms }: AnswersWithVerdicts,
  { settings, apiKey }: { settings: JudgeSettings; apiKey: string | null },
  store: VerdictStore,
  progress: (progress: JudgeProgress) => void,
  signal: AbortSignal
): Promise<void> {
  const request = { run, samples, settings, apiKey }
  switch (settings.way) {
    case 'marks':
      return judgeAnswers(
        { ...request, storedVerdicts: verdicts },
        { keep: (verdict) => store.keep(verdict), progress },
        signal
      )
    case 'pairs':
      return judgePairs(
        { ...request, storedVerdicts: pairVerdicts },
        { keep: (verdict) => store.keepPair(verdict), progress },
        signal
      )
    case 'forms':
      return judgeForms(
        { ...request, storedVerdicts: forms, ofOtherEvaluations: await store.knownForms() },
        { keep: (said) => store.keepForms([said]), keepAll: (said) => store.keepForms(said), progress },
        signal
      )
  }
}
