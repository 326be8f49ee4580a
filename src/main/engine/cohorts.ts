import { nodePath, type RecipeTrie } from './recipe-trie'

/** A sequence being generated, as whoever runs it sees it. */
export interface RunningRow {
  readonly model: number
  /** Index into the request's prompts. */
  readonly prompt: number
  /** The answer so far; its last token is yet to be run. */
  readonly tokens: readonly number[]
  /** Of the last token. */
  readonly position: number
}

/**
 * The models that share a block of some layer, and their rows in slot order. The same models share the same order in
 * every layer where they meet.
 */
export interface Cohort {
  readonly models: ReadonlySet<number>
  readonly rows: RunningRow[]
}

/** Which rows go through which block. */
export class Cohorts {
  private readonly byModels = new Map<string, Cohort>()
  /** [layer][block of the trie's level] */
  readonly ofBlocks: readonly (readonly Cohort[])[]

  constructor(trie: RecipeTrie) {
    const paths = trie.leafOf.map((_, model) => nodePath(trie, model))
    this.ofBlocks = trie.levels.map((level, layer) =>
      level.blocks.map((_, block) => {
        const models = paths.flatMap((path, model) =>
          level.nodes[path[layer] ?? 0]?.block === block ? [model] : []
        )
        const key = models.join()
        const cohort = this.byModels.get(key) ?? { models: new Set(models), rows: [] }
        this.byModels.set(key, cohort)
        return cohort
      })
    )
  }

  /** Gives a row the next slot of each of its model's cohorts. */
  add(row: RunningRow): void {
    for (const cohort of this.byModels.values()) if (cohort.models.has(row.model)) cohort.rows.push(row)
  }

  /**
   * Frees a row's slots: the last row of each cohort moves into them.
   *
   * @returns the moves, each to be done to what else is kept in slot order
   */
  remove(row: RunningRow): { cohort: Cohort; from: number; to: number }[] {
    const moves: { cohort: Cohort; from: number; to: number }[] = []
    for (const cohort of this.byModels.values()) {
      const { models, rows } = cohort
      if (!models.has(row.model)) continue
      const to = rows.indexOf(row)
      const last = rows.pop()
      if (last === undefined || last === row) continue
      rows[to] = last
      moves.push({ cohort, from: rows.length, to })
    }
    return moves
  }
}
