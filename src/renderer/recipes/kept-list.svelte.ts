import type { CategoryScore } from '../../contract/documents/crc'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import { briefScoring, BY_CHARACTERS } from '../../contract/documents/scored-by'
import type { ProjectState, RecipeSource } from '../../contract/documents/project'
import type { Recipe } from '../../contract/model/recipe'
import type { OpenProject } from '../app/open-project.svelte'
import { textOfFile } from '../ui/file-text'

/** The kept recipes of the project. Every change can be undone. */
export class KeptList {
  /** @param ranges shows the sweep whose scores a kept recipe stores */
  constructor(
    private readonly project: OpenProject,
    private readonly ranges: { readonly sweep: ShownSweep | null }
  ) {}

  /** Keeps a recipe. A taken name gets a number. @returns its id @throws the error of main */
  async keep(recipe: Recipe, score: CategoryScore | null): Promise<string> {
    return this.add(recipe, sourceOf(this.ranges.sweep, score))
  }

  private async add(recipe: Recipe, source: RecipeSource): Promise<string> {
    let id = ''
    await this.project.record(
      (state) => `keep “${nameIn(state, id)}”`,
      async (here) => {
        const answer = await this.project.client.recipes.keep({ ...here, recipe, source })
        id = answer.id
        return answer.project
      }
    )
    return id
  }

  /** Replaces a kept recipe. @param seen the revision that had it @throws the error of main */
  async edit(id: string, seen: number, recipe: Recipe, score: CategoryScore | null): Promise<void> {
    const source = sourceOf(this.ranges.sweep, score)
    await this.project.record(`edit “${nameIn(this.project.state, id)}”`, (here) =>
      this.project.client.recipes.edit({ ...here, id, seen, recipe, source })
    )
  }

  /** Keeps the recipe of a mergekit file. */
  async importFile(file: File): Promise<void> {
    await this.project.attempt(async () => {
      const { here, client } = this.project
      const content = await textOfFile(file)
      const recipe = await client.recipes.readMergekit({ ...here, fileName: file.name, content })
      await this.add(recipe, sourceOf(null, null))
    })
  }

  async rename(id: string, name: string): Promise<void> {
    const before = nameIn(this.project.state, id)
    await this.project.do(
      (state) => `rename “${before}” to “${nameIn(state, id)}”`,
      (here) => this.project.client.recipes.rename({ ...here, id, name })
    )
  }

  async remove(id: string): Promise<void> {
    const name = nameIn(this.project.state, id)
    await this.project.do(`remove “${name}”`, (here) => this.project.client.recipes.remove({ ...here, id }), {
      message: `Removed “${name}”`
    })
  }
}

const nameIn = ({ document }: ProjectState, id: string): string =>
  document.recipes.find((kept) => kept.id === id)?.recipe.name ?? ''

const sourceOf = (sweep: ShownSweep | null, score: CategoryScore | null): RecipeSource => ({
  sweepId: sweep?.id ?? null,
  scoredBy: sweep === null ? BY_CHARACTERS : briefScoring(sweep.scoredBy),
  validity: score?.validity ?? null,
  diversity: score?.diversity ?? null
})
