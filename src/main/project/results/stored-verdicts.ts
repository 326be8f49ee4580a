import type { AnswerForm } from '../../../contract/documents/judge'
import type { VerdictStore } from '../../evaluation/judge-evaluation'
import type { ProjectPair } from '../pair/project-pair'

/** Stores the verdicts of judges on an evaluation. Meanings of answers are shared by all pairs of the project. */
export function verdictsOf(projectPair: ProjectPair, evaluationId: string): VerdictStore {
  const { evaluations, project } = projectPair
  return {
    keep: (kind, verdicts) => evaluations.append(evaluationId, kind, verdicts),
    async knownForms() {
      const forms: AnswerForm[] = []
      for (const pair of project.pairs) forms.push(...(await pair.evaluations.knownForms()))
      return forms
    }
  }
}
