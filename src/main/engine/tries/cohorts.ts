import { nodePath, type RecipeTrie } from './recipe-trie'
import { elementAt } from '../../../contract/model/look-up'

/** Indices of the models that share a block of a layer. Equal sets are one object, so that objects can be compared. */
export type Cohort = ReadonlySet<number>

/** Returns the cohort of each block of each layer, [layer][block]. */
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
