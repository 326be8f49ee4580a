import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import { OtherCheckpoint } from '../../contract/model/checkpoint'
import { at } from '../../contract/model/look-up'
import { LayerStrength, MAX_LAYERS, Recipe } from '../../contract/model/recipe'
import { SearchFacts } from '../../contract/documents/search'
import { expecting, readJsonFile, readTextFile } from '../base/files/bounded-file'
import { refuseOtherKind } from '../base/files/document-kinds'
import { modelPath } from '../base/files/places'
import { modelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import { MAX_YAML_BYTES } from '../confined/yaml'
import { readMergekitRecipe } from './read-recipe'

/** The largest recipe, 512 layers with nine strengths and a source each, has some 300 kB. */
const MAX_RECIPE_FILE_BYTES = 100_000_000
const EXAMPLE =
  '{"name": "upper", "ranges": [[3, 7]]} or {"name": "soft", "layers": [{"attention": 1, "mlp": 0}, ' +
  '{"attention": {"q": 1, "k": 1}, "mlp": 0.5}, ...]}'

/** A recipe as a file may have it: a source by its folder alone, or with the fingerprint that it must have. */
const [Ranges, Layers] = Recipe.options
const WrittenLayer = LayerStrength.extend({
  source: z.union([z.string().min(1).max(4_096), OtherCheckpoint]).optional()
})
const WrittenRecipe = z.union([
  Ranges,
  Layers.extend({ layers: z.array(WrittenLayer).min(1).max(MAX_LAYERS) })
])
type WrittenRecipe = z.infer<typeof WrittenRecipe>

/** At least one recipe, each under a name of its own: results are told apart by it. */
const Recipes = z
  .array(WrittenRecipe)
  .min(1, 'a list of recipes needs at least one recipe')
  .max(10_000)
  .refine(
    (recipes) => new Set(recipes.map((recipe) => recipe.name)).size === recipes.length,
    'two recipes share a name'
  )

/** What `slr search` writes, of which the recipes are wanted, the best first. */
const FoundRecipes = SearchFacts.pick({ sweepId: true, found: true })

/**
 * A recipe from a JSON file, or from a mergekit file (.yaml or .yml) over the two models of the pair.
 *
 * @throws WorkbenchError `not-found`; `bad-file` when it is neither; `bad-input` naming the first field that is wrong;
 *   for a mergekit file as `openPair`
 */
export async function readRecipeFile(file: string, folders: { base: string; post: string }): Promise<Recipe> {
  if (isYaml(file)) {
    const text = await readTextFile(file, MAX_YAML_BYTES)
    return readMergekitRecipe(text, file, await openPair(folders.base, folders.post), 'any folder')
  }
  const hint = `A recipe is ${EXAMPLE} with one entry per layer.`
  return at(await withFolders([await read(file, WrittenRecipe, 'a recipe', hint)], folders), 0, 'recipe')
}

/** A JSON list of recipes, those that a search found, or the one of a mergekit file. @throws WorkbenchError as {@link readRecipeFile} */
export async function readRecipesFile(
  file: string,
  folders: { base: string; post: string }
): Promise<Recipe[]> {
  if (isYaml(file)) return [await readRecipeFile(file, folders)]
  const hint = `A list of recipes is [...] around recipes such as ${EXAMPLE}.`
  const found = FoundRecipes.safeParse(await expecting(hint, () => readJsonFile(file, MAX_RECIPE_FILE_BYTES)))
  const recipes = Recipes.safeParse(found.data?.found.map(({ recipe }) => recipe))
  if (recipes.success) return withFolders(recipes.data, folders)
  return withFolders(await read(file, Recipes, 'a list of recipes', hint), folders)
}

/**
 * Recipes whose sources are the checkpoints in the folders that are named, relative ones as typed at the command line.
 *
 * @throws WorkbenchError as `openOther` for a folder without a fingerprint
 */
async function withFolders(
  recipes: readonly WrittenRecipe[],
  folders: { base: string; post: string }
): Promise<Recipe[]> {
  const known = new Map<string, OtherCheckpoint>()
  const sourceOf = async (written: string | OtherCheckpoint): Promise<OtherCheckpoint> => {
    if (typeof written !== 'string') return { ...written, path: modelPath(written.path) }
    const path = modelPath(written)
    const seen = known.get(path)
    if (seen !== undefined) return seen
    const { post } = await openPair(folders.base, folders.post)
    const { checkpoint } = await openOther(post, path)
    const found = { name: modelName(checkpoint.path), path, fingerprint: checkpoint.fingerprint }
    known.set(path, found)
    return found
  }
  const found: Recipe[] = []
  for (const recipe of recipes) {
    if ('ranges' in recipe) {
      found.push(recipe)
      continue
    }
    const layers: LayerStrength[] = []
    for (const { source, ...layer } of recipe.layers)
      layers.push(source === undefined ? layer : { ...layer, source: await sourceOf(source) })
    found.push({ ...recipe, layers })
  }
  return found
}

function isYaml(file: string): boolean {
  return /\.ya?ml$/i.test(file)
}

async function read<T>(file: string, schema: z.ZodType<T, unknown>, what: string, hint: string): Promise<T> {
  const value = await expecting(hint, () => readJsonFile(file, MAX_RECIPE_FILE_BYTES))
  refuseOtherKind(file, value, { name: what, kinds: ['recipes'], hint })
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-input', `${file} is not ${what}: ${describeIssue(parsed.error)}`, hint)
}
