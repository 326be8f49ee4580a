import { nodePath, type RecipeTrie } from './recipe-trie'
import { elementAt } from '../../../contract/model/look-up'

/** The models that share a block of a layer, as one object. */
export type Cohort = ReadonlySet<number>

export function cohortsOf(trie: RecipeTrie): Cohort[][] {
  const byModels = new Map<string, Cohort>()
  const paths = trie.leafOf.map((_, model) => nodePath(trie, model))
  return trie.levels.map((level, layer) =>
    level.blocks.map((_, block) => {
      const models = paths.flatMap((path, model) =>
        elementAt(level.nodes, elementAt(path, layer, 'layer'), 'node').block === block ? [model] : []
      )
      const key = models.join()
      const cohort = byModels.get(key) ?? new Set(models)
      byModels.set(key, cohort)
      return cohort
    })
  )
}
