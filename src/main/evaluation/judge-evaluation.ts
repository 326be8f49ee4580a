import type { EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
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

/** Results that an evaluation stores, by kind. */
export interface EvaluationLines {
  samples: SampleLine
  scores: PromptScores
  verdicts: JudgeVerdict
  pairVerdicts: PairVerdict
  forms: AnswerForm
}
export type VerdictKind = 'verdicts' | 'pairVerdicts' | 'forms'

export type AnswersWithVerdicts = {
  readonly [Kind in VerdictKind]: readonly EvaluationLines[Kind][]
} & {
  readonly run: EvaluationRun
  readonly samples: readonly SampleLine[]
}

export interface VerdictStore {
  keep<Kind extends VerdictKind>(kind: Kind, verdicts: readonly EvaluationLines[Kind][]): Promise<void>
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
  const keepAll = (said: readonly AnswerForm[]): Promise<void> => store.keep('forms', said)
  switch (settings.way) {
    case 'marks':
      return judgeAnswers(
        { ...request, storedVerdicts: verdicts },
        { keep: (verdict) => store.keep('verdicts', [verdict]), progress },
        signal
      )
    case 'pairs':
      return judgePairs(
        { ...request, storedVerdicts: pairVerdicts },
        { keep: (verdict) => store.keep('pairVerdicts', [verdict]), progress },
        signal
      )
    case 'forms':
      return judgeForms(
        { ...request, storedVerdicts: forms, ofOtherEvaluations: await store.knownForms() },
        { keep: (said) => keepAll([said]), keepAll, progress },
        signal
      )
  }
}
