import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import { Recipe } from '../../contract/model/recipe'
import { SearchDocument } from '../../contract/documents/search'
import { readJsonFile, readTextFile } from '../base/files/bounded-file'
import { openPair } from '../checkpoint/pair'
import { MAX_YAML_BYTES } from '../confined/yaml'
import { readMergekitRecipe } from './read-recipe'

/** The largest recipe, 512 layers with nine strengths each, has some 50 kB. */
const MAX_RECIPE_FILE_BYTES = 100_000_000
const EXAMPLE =
  '{"name": "upper", "ranges": [[3, 7]]} or {"name": "soft", "layers": [{"attention": 1, "mlp": 0}, ' +
  '{"attention": {"q": 1, "k": 1}, "mlp": 0.5}, ...]}'

/** At least one recipe, each under a name of its own: results are told apart by it. */
const Recipes = z
  .array(Recipe)
  .min(1, 'a list of recipes needs at least one recipe')
  .max(10_000)
  .refine(
    (recipes) => new Set(recipes.map((recipe) => recipe.name)).size === recipes.length,
    'two recipes share a name'
  )

/** What `slr search` writes, of which the recipes are wanted, the best first. */
const FoundRecipes = SearchDocument.pick({ sweepId: true, found: true })

/**
 * A recipe from a JSON file, or from a mergekit file (.yaml or .yml) over the two models of the pair.
 *
 * @throws WorkbenchError `not-found`; `bad-file` when it is neither; `bad-input` naming the first field that is wrong;
 *   for a mergekit file as `openPair`
 */
export async function readRecipeFile(file: string, folders: { base: string; post: string }): Promise<Recipe> {
  if (isYaml(file)) {
    const text = await readTextFile(file, MAX_YAML_BYTES)
    return readMergekitRecipe(text, file, await openPair(folders.base, folders.post))
  }
  return read(file, Recipe, 'a recipe', `A recipe is ${EXAMPLE} with one entry per layer.`)
}

/** A JSON list of recipes, those that a search found, or the one of a mergekit file. @throws WorkbenchError as {@link readRecipeFile} */
export async function readRecipesFile(
  file: string,
  folders: { base: string; post: string }
): Promise<Recipe[]> {
  if (isYaml(file)) return [await readRecipeFile(file, folders)]
  const found = FoundRecipes.safeParse(await readJsonFile(file, MAX_RECIPE_FILE_BYTES))
  const recipes = Recipes.safeParse(found.data?.found.map(({ recipe }) => recipe))
  if (recipes.success) return recipes.data
  return read(
    file,
    Recipes,
    'a list of recipes',
    `A list of recipes is [...] around recipes such as ${EXAMPLE}.`
  )
}

function isYaml(file: string): boolean {
  return /\.ya?ml$/i.test(file)
}

async function read<T>(file: string, schema: z.ZodType<T, unknown>, what: string, hint: string): Promise<T> {
  const parsed = schema.safeParse(await readJsonFile(file, MAX_RECIPE_FILE_BYTES))
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-input', `${file} is not ${what}: ${describeIssue(parsed.error)}`, hint)
}
