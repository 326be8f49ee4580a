import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { Recipe } from '../../contract/recipe'
import { readJsonFile } from '../bounded-file'

/** The largest recipe, 512 layers with two strengths each, has some 20 kB. */
const MAX_RECIPE_FILE_BYTES = 100_000_000
const EXAMPLE =
  '{"name": "upper", "ranges": [[3, 7]]} or {"name": "soft", "layers": [{"attention": 1, "mlp": 0}, ...]}'

/** At least one recipe, each under a name of its own: results are told apart by it. */
const Recipes = z
  .array(Recipe)
  .min(1, 'a list of recipes needs at least one recipe')
  .max(10_000)
  .refine(
    (recipes) => new Set(recipes.map((recipe) => recipe.name)).size === recipes.length,
    'two recipes share a name'
  )

/** @throws WorkbenchError `not-found`; `bad-file` when it is not JSON; `bad-input` naming the first field that is wrong */
export function readRecipeFile(file: string): Promise<Recipe> {
  return read(file, Recipe, 'a recipe', `A recipe is ${EXAMPLE} with one entry per layer.`)
}

/** A JSON list of recipes. @throws WorkbenchError as {@link readRecipeFile} */
export function readRecipesFile(file: string): Promise<Recipe[]> {
  return read(
    file,
    Recipes,
    'a list of recipes',
    `A list of recipes is [...] around recipes such as ${EXAMPLE}.`
  )
}

async function read<T>(file: string, schema: z.ZodType<T>, what: string, hint: string): Promise<T> {
  const parsed = schema.safeParse(await readJsonFile(file, MAX_RECIPE_FILE_BYTES))
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-input', `${file} is not ${what}: ${describeIssue(parsed.error)}`, hint)
}
