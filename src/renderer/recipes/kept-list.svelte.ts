import type { CategoryScore } from '../../contract/documents/crc'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import { briefScoring, BY_CHARACTERS } from '../../contract/documents/scored-by'
import type { KeptRecipe, RecipeSource } from '../../contract/documents/project'
import type { Recipe } from '../../contract/model/recipe'
import { changedSince } from '../app/history.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** A kept recipe and where it stands among the others. */
interface Placed {
  kept: KeptRecipe
  place: number
}

/** The kept recipes of the project: kept, edited, renamed and removed. Each step can be undone. */
export class KeptList {
  /** @param ranges that show the sweep whose scores a kept recipe remembers */
  constructor(
    private readonly project: OpenProject,
    private readonly ranges: { readonly sweep: ShownSweep | null }
  ) {}

  /** Keeps a recipe; a name that is taken gets a number. @returns its id @throws what main says against it */
  async keep(recipe: Recipe, score: CategoryScore | null): Promise<string> {
    return this.add(recipe, sourceOf(this.ranges.sweep, score))
  }

  private async add(recipe: Recipe, source: RecipeSource): Promise<string> {
    let id = ''
    await this.project.write(async (here) => {
      const answer = await this.project.client.recipes.keep({ ...here, recipe, source })
      id = answer.id
      return answer.project
    })
    const added = this.find(id)
    if (added !== null) {
      this.project.history.record({
        what: `keep “${added.kept.recipe.name}”`,
        undo: () => this.take(added),
        redo: () => this.putBack(added)
      })
    }
    return id
  }

  /** Replaces a kept recipe by its edited form. @param seen the revision in which it was read @throws what main says against it */
  async edit(id: string, seen: number, recipe: Recipe, score: CategoryScore | null): Promise<void> {
    const before = this.find(id)
    await this.write(id, seen, recipe, sourceOf(this.ranges.sweep, score))
    const after = this.find(id)
    if (before === null || after === null) return
    const put = async (from: Placed, to: Placed): Promise<void> => {
      this.requireUnchanged(from)
      await this.write(id, this.project.state.revision, to.kept.recipe, to.kept)
    }
    this.project.history.record({
      what: `edit “${before.kept.recipe.name}”`,
      undo: () => put(after, before),
      redo: () => put(before, after)
    })
  }

  private async write(id: string, seen: number, recipe: Recipe, from: RecipeSource): Promise<void> {
    const { sweepId, scoredBy, validity, diversity } = from
    const source = { sweepId, scoredBy, validity, diversity }
    await this.project.write((here) =>
      this.project.client.recipes.edit({ ...here, id, seen, recipe, source })
    )
  }

  /** Keeps the recipe of a mergekit file. */
  async importFile(file: File): Promise<void> {
    const content = await file.text()
    await this.project.attempt(async () => {
      const { here, client } = this.project
      const recipe = await client.recipes.readMergekit({ ...here, fileName: file.name, content })
      await this.add(recipe, sourceOf(null, null))
    })
  }

  async rename(id: string, name: string): Promise<void> {
    const before = this.find(id)
    const rename = async (to: string): Promise<void> =>
      this.project.write((here) => this.project.client.recipes.rename({ ...here, id, name: to }))
    await this.project.attempt(() => rename(name))
    const after = this.find(id)
    if (before === null || after === null) return
    const [from, to] = [before.kept.recipe.name, after.kept.recipe.name]
    if (from === to) return
    const put = async (known: Placed, other: string): Promise<void> => {
      this.requireUnchanged(known)
      await rename(other)
    }
    this.project.history.record({
      what: `rename “${from}” to “${to}”`,
      undo: () => put(after, from),
      redo: () => put(before, to)
    })
  }

  async remove(id: string): Promise<void> {
    const removed = this.find(id)
    if (removed === null) return
    const done = await this.project.attempt(async () => {
      await this.take(removed)
      return true
    })
    if (done === null) return
    const { name } = removed.kept.recipe
    this.project.history.record({
      what: `remove “${name}”`,
      message: `Removed “${name}”`,
      undo: () => this.putBack(removed),
      redo: () => this.take(removed)
    })
  }

  private async take(known: Placed): Promise<void> {
    this.requireUnchanged(known)
    await this.project.write((here) => this.project.client.recipes.remove({ ...here, id: known.kept.id }))
  }

  private async putBack({ kept, place }: Placed): Promise<void> {
    await this.project.write((here) => this.project.client.recipes.putBack({ ...here, kept, place }))
  }

  private find(id: string): Placed | null {
    const { recipes } = this.project.state.document
    const place = recipes.findIndex((recipe) => recipe.id === id)
    const kept = recipes[place]
    return kept === undefined ? null : { kept, place }
  }

  /** @throws WorkbenchError `stale` when the recipe is another now, or none */
  private requireUnchanged({ kept: known }: Placed): void {
    const now = this.find(known.id)?.kept
    if (JSON.stringify(now?.recipe) !== JSON.stringify(known.recipe))
      throw changedSince(`the recipe “${known.recipe.name}”`)
  }
}

const sourceOf = (sweep: ShownSweep | null, score: CategoryScore | null): RecipeSource => ({
  sweepId: sweep?.id ?? null,
  scoredBy: sweep === null ? BY_CHARACTERS : briefScoring(sweep.scoredBy),
  validity: score?.validity ?? null,
  diversity: score?.diversity ?? null
})
