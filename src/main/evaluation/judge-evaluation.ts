import type { EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import type {
  AnswerForm,
  JudgeProgress,
  JudgeSettings,
  JudgeVerdict,
  PairVerdict
} from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import { askJudge, type Questioning, verdictsByKey } from './ask-judge'
import { SCORING } from './judge'
import { READING } from './judge-forms'
import { COMPARING } from './judge-pairs'

/** Lines of the files that an evaluation stores beside its settings, by kind. */
export interface EvaluationLines {
  samples: SampleLine
  scores: PromptScores
  verdicts: JudgeVerdict
  pairVerdicts: PairVerdict
  forms: AnswerForm
}
/** Kinds of lines that come from a judge: scores, comparisons of pairs, and meanings (forms) of answers. */
export type VerdictKind = 'verdicts' | 'pairVerdicts' | 'forms'

/** A stored evaluation with its answers and all verdicts. */
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

/** Lets a judge score, compare or read answers, as its settings say. @throws WorkbenchError as `askJudge` */
export async function judgeEvaluation(
  { run, samples, verdicts, pairVerdicts, forms }: AnswersWithVerdicts,
  { settings, apiKey }: { settings: JudgeSettings; apiKey: string | null },
  store: VerdictStore,
  progress: (progress: JudgeProgress) => void,
  signal: AbortSignal
): Promise<void> {
  const ask = <Kind extends VerdictKind, Question extends { key: string }>(
    kind: Kind,
    way: Questioning<Question, EvaluationLines[Kind]>,
    storedVerdicts: readonly EvaluationLines[Kind][]
  ): Promise<void> =>
    askJudge(
      way,
      { run, samples, settings, apiKey, storedVerdicts },
      { keep: (verdict) => store.keep(kind, [verdict]), progress },
      signal
    )
  switch (settings.way) {
    case 'marks':
      return ask('verdicts', SCORING, verdicts)
    case 'pairs':
      return ask('pairVerdicts', COMPARING, pairVerdicts)
    case 'forms': {
      const storedForms = verdictsByKey(forms, settings)
      const formsOfOthers = verdictsByKey(await store.knownForms(), settings)
      const reused = READING.questionsOf(run, samples, settings).flatMap(({ key }) =>
        storedForms.has(key) ? [] : (formsOfOthers.get(key) ?? [])
      )
      if (reused.length > 0) await store.keep('forms', reused)
      return ask('forms', READING, [...forms, ...reused])
    }
  }
}
