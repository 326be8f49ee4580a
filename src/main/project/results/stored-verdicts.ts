import type { AnswerForm } from '../../../contract/documents/judge'
import type { VerdictStore } from '../../evaluation/judge-evaluation'
import type { ProjectPair } from '../pair/project-pair'

/** Where what a judge says of a stored evaluation is kept. What answers mean is known of all pairs of the project. */
export function verdictsOf(own: ProjectPair, evaluationId: string): VerdictStore {
  const { evaluations, project } = own
  return {
    keep: (verdict) => evaluations.appendVerdict(evaluationId, verdict),
    keepPair: (verdict) => evaluations.appendPairVerdict(evaluationId, verdict),
    keepForms: (forms) => evaluations.appendForms(evaluationId, forms),
    async knownForms() {
      const known: AnswerForm[] = []
      for (const pair of project.pairs) known.push(...(await pair.evaluations.knownForms()))
      return known
    }
  }
}
