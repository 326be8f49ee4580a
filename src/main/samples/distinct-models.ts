import { type AnsweringModel, weightsKey } from '../../contract/model/model'
import { multimap } from '../../contract/model/multimap'

/** Equal models under several names. They are computed once, with the random draws of the first. */
export interface DistinctModel<Member> {
  model: Member
  /** Positions of the model in the list of all models. */
  indices: readonly number[]
}

/** Lists different models, in the order of their first positions. */
export function distinctModels<Member extends AnsweringModel>(models: readonly Member[]): DistinctModel<Member>[] {
  const byWeights = multimap(models.map((model, index) => [weightsKey(model), index] as const))
  return models.flatMap((model, index) => {
    const indices = byWeights.get(weightsKey(model)) ?? []
    return indices[0] === index ? [{ model, indices }] : []
  })
}
