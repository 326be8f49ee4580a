import { type AnsweringModel, weightsKey } from '../../contract/model/model'
import { multimap } from '../../contract/model/multimap'

/** Equal models under several names, which are computed once, with the draws of one. */
export interface DistinctModel<Member> {
  model: Member
  indices: readonly number[]
}

export function distinctModels<Member extends AnsweringModel>(models: readonly Member[]): DistinctModel<Member>[] {
  const byWeights = multimap(models.map((model, index) => [weightsKey(model), index] as const))
  return models.flatMap((model, index) => {
    const indices = byWeights.get(weightsKey(model)) ?? []
    return indices[0] === index ? [{ model, indices }] : []
  })
}
