import { type AnsweringModel, weightsKey } from '../../contract/model/model'
import { multimap } from '../../contract/model/multimap'

/**
 * Equal models under several names, which are computed once. The draws of an answer depend only on its
 * position, not on the name of its model.
 */
export interface DistinctModel<Member> {
  /** The first of the equal models. */
  model: Member
  /** Indices of all equal models. */
  indices: readonly number[]
}

/** Groups equal models, in the order of their first. */
export function distinctModels<Member extends AnsweringModel>(
  models: readonly Member[]
): DistinctModel<Member>[] {
  const byWeights = multimap(models.map((model, index) => [weightsKey(model), index] as const))
  return models.flatMap((model, index) => {
    const indices = byWeights.get(weightsKey(model)) ?? []
    return indices[0] === index ? [{ model, indices }] : []
  })
}
