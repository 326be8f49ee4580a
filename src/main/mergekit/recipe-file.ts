import { z } from 'zod'
import { inputError, requireValid } from '../../contract/model/problem'
import { OtherCheckpoint } from '../../contract/model/checkpoint'
import { elementAt } from '../../contract/model/look-up'
import { LayerStrength, MAX_LAYERS, rangesFromText, rangesText, Recipe } from '../../contract/model/recipe'
import { AnswerCheck, passesCheck } from '../../contract/documents/answer-check'
import { DEFAULT_RHO } from '../../contract/documents/project'
import { SearchFacts } from '../../contract/documents/search'
import { withHint, readJsonFile, readTextFile } from '../base/files/bounded-file'
import { refuseOtherKind } from '../base/files/document-kinds'
import { modelPath } from '../base/files/paths'
import { folderModelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import { MAX_YAML_BYTES } from '../sandbox/yaml'
import { readMergekitRecipe } from './read-recipe'

/** Limit of a file. The largest recipe, of 512 layers with nine strengths and a source each, has about 300 kB. */
const MAX_RECIPE_FILE_BYTES = 100_000_000
const EXAMPLE =
  '{"name": "upper", "ranges": [[3, 7]]} or {"name": "soft", "layers": [{"attention": 1, "mlp": 0}, ' +
  '{"attention": {"q": 1, "k": 1}, "mlp": 0.5}, ...]}'

const [Ranges, Layers] = Recipe.options
/** A layer of a recipe in a file. Its source is a folder, with or without the fingerprint that its model must have. */
const FileLayer = LayerStrength.extend({
  source: z.union([z.string().min(1).max(4_096), OtherCheckpoint]).optional()
})
const FileRecipe = z
  .union([
    Ranges.refine(
      ({ name, ranges }) => rangesText(rangesFromText(name) ?? ranges) === rangesText(ranges),
      'the name means other layers'
    ),
    Layers.extend({ layers: z.array(FileLayer).min(1).max(MAX_LAYERS) })
  ])
  .refine(({ name }) => name !== 'base', 'the name means the base model')
type FileRecipe = z.infer<typeof FileRecipe>

/** A list of recipes. Their names differ, because results are told apart by name. */
const Recipes = z
  .array(FileRecipe)
  .min(1, 'a list of recipes needs at least one recipe')
  .max(10_000)
  .refine(
    (recipes) => new Set(recipes.map((recipe) => recipe.name)).size === recipes.length,
    'two recipes share a name'
  )

/** Fields that show that a file is a search. `found` lists its recipes, the best first. */
const SearchRecipes = SearchFacts.pick({ sweepId: true, generations: true, found: true })

/** Fields that show that a file is a full-answer check. `slr check` adds `rho`, the least share of post's validity. */
const CheckRecipes = AnswerCheck.pick({ sweepId: true, endTokens: true, post: true, models: true }).extend({
  rho: z.number().default(DEFAULT_RHO)
})
type CheckRecipes = z.infer<typeof CheckRecipes>

/** Reads a recipe from JSON or a mergekit file. Of a search it is the best one, of a check the best that passes. */
export async function readRecipeFile(file: string, folders: { base: string; post: string }): Promise<Recipe> {
  if (isYaml(file)) {
    const text = await readTextFile(file, MAX_YAML_BYTES)
    return readMergekitRecipe(text, file, await openPair(folders.base, folders.post), 'any folder')
  }
  const hint = `A recipe is ${EXAMPLE} with one entry per layer.`
  const value = await withHint(hint, () => readJsonFile(file, MAX_RECIPE_FILE_BYTES))
  const recipe = bestRecipe(file, value, hint) ?? parseRecipes(file, value, FileRecipe, 'a recipe', hint)
  return elementAt(await withFolders([recipe], folders), 0, 'recipe')
}

/** Selects the best recipe of a search, a check or a list; null for any other value. */
function bestRecipe(file: string, value: unknown, hint: string): FileRecipe | null {
  const search = SearchRecipes.safeParse(value)
  if (search.success) {
    const [best] = search.data.found
    if (best !== undefined) return best.recipe
    throw inputError(`${file} is a search that found no recipe.`, 'Search with other settings.')
  }
  const check = CheckRecipes.safeParse(value)
  if (check.success) {
    const best = bestPassing(check.data)
    if (best !== null) return best
    const hint = 'Check more of the sweep, or name a range such as 4-11.'
    throw inputError(`${file} is a check that no recipe passes.`, hint)
  }
  if (!Array.isArray(value)) return null
  const [recipe, ...others] = parseRecipes(file, value, Recipes, 'a list of recipes', hint)
  if (recipe !== undefined && others.length === 0) return recipe
  throw inputError(`${file} is a list of ${value.length} recipes.`, 'Give a file with one recipe.')
}

/** Selects the most diverse recipe that passes a check; null if none does. */
function bestPassing(check: CheckRecipes): Recipe | null {
  const { rho } = check
  const minimumValidity = rho * check.post.firstToken.validity
  const passing = check.models.filter(
    (model) => model.firstToken.validity >= minimumValidity && passesCheck(model, check, rho)
  )
  const [best] = passing.sort((a, b) => b.firstToken.diversity - a.firstToken.diversity)
  return best?.recipe ?? null
}

/** Reads the recipes of a JSON list, search, check or mergekit file. */
export async function readRecipesFile(file: string, folders: { base: string; post: string }): Promise<Recipe[]> {
  if (isYaml(file)) return [await readRecipeFile(file, folders)]
  const hint = `A list of recipes is [...] around recipes such as ${EXAMPLE}.`
  const value = await withHint(hint, () => readJsonFile(file, MAX_RECIPE_FILE_BYTES))
  const entries = SearchRecipes.safeParse(value).data?.found ?? CheckRecipes.safeParse(value).data?.models
  const recipes = Recipes.safeParse(entries?.map(({ recipe }) => recipe))
  if (recipes.success) return withFolders(recipes.data, folders)
  const single = FileRecipe.safeParse(value)
  if (single.success) return withFolders([single.data], folders)
  return withFolders(parseRecipes(file, value, Recipes, 'a list of recipes', hint), folders)
}

/** Opens the folders that layers name as their sources. Relative paths start from the working folder. */
async function withFolders(recipes: readonly FileRecipe[], folders: { base: string; post: string }): Promise<Recipe[]> {
  const checkpoints = new Map<string, OtherCheckpoint>()
  const sourceOf = async (source: string | OtherCheckpoint): Promise<OtherCheckpoint> => {
    if (typeof source !== 'string') return { ...source, path: modelPath(source.path) }
    const path = modelPath(source)
    const opened = checkpoints.get(path)
    if (opened !== undefined) return opened
    const { post } = await openPair(folders.base, folders.post)
    const { checkpoint } = await openOther(post, path)
    const other = { name: folderModelName(checkpoint.path), path, fingerprint: checkpoint.fingerprint }
    checkpoints.set(path, other)
    return other
  }
  const resolved: Recipe[] = []
  for (const recipe of recipes) {
    if ('ranges' in recipe) {
      resolved.push(recipe)
      continue
    }
    const layers: LayerStrength[] = []
    for (const { source, ...layer } of recipe.layers)
      layers.push(source === undefined ? layer : { ...layer, source: await sourceOf(source) })
    resolved.push({ ...recipe, layers })
  }
  return resolved
}

export const isYaml = (file: string): boolean => /\.ya?ml$/i.test(file)

/** Parses recipes. @throws WorkbenchError `bad-input` naming the kind of the value, or the wrong field */
function parseRecipes<T>(file: string, value: unknown, schema: z.ZodType<T, unknown>, what: string, hint: string): T {
  refuseOtherKind(file, value, { name: what, hint })
  return requireValid(schema.safeParse(value), (issue) => inputError(`${file} is not ${what}: ${issue}`, hint))
}
