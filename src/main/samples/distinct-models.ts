import { type AnsweringModel, weightsKey } from '../../contract/model/model'
import { multimap } from '../../contract/model/multimap'

/** Models that answer alike, to be computed once: the draws of an answer depend on its place alone, not on what its model is called. */
export interface DistinctModel<Member> {
  /** The first of the members. */
  model: Member
  /** Places of all of them. */
  places: readonly number[]
}

/** The models that differ, in the order in which each comes first. */
export function distinctModels<Member extends AnsweringModel>(
  models: readonly Member[]
): DistinctModel<Member>[] {
  const places = multimap(models.map((model, place) => [weightsKey(model), place] as const))
  return models.flatMap((model, place) => {
    const alike = places.get(weightsKey(model)) ?? []
    return alike[0] === place ? [{ model, places: alike }] : []
  })
}
