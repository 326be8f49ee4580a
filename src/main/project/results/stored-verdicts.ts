import type { AnswerForm, JudgeSettings } from '../../../contract/documents/judge'
import type { VerdictStore } from '../../evaluation/judge-evaluation'
import type { ProjectPair } from '../pair/project-pair'

/** Stores the verdicts of a judge on an evaluation. Meanings of answers are shared by all pairs of the project. */
export function verdictsOf(projectPair: ProjectPair, evaluationId: string, judge: JudgeSettings): VerdictStore {
  const { evaluations, project } = projectPair
  let noted: Promise<void> | undefined
  return {
    async keep(kind, verdicts) {
      // A judge that never replies must not hide the verdicts of an earlier one.
      await (noted ??= evaluations.noteJudge(evaluationId, judge))
      await evaluations.append(evaluationId, kind, verdicts)
    },
    async knownForms() {
      const forms: AnswerForm[] = []
      for (const pair of project.pairs) forms.push(...(await pair.evaluations.knownForms()))
      return forms
    }
  }
}
