import { namedCheckpoints } from '../../work/named-checkpoints'
import { extname } from 'node:path'
import { Argument, type Command } from 'commander'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { Variant } from '../../../contract/documents/samples'
import { blendName } from '../../../contract/documents/swept-model'
import type { Model } from '../../../contract/model/model'
import { type ModelWord, modelWordFromText } from '../../../contract/model/model-word'
import { Endpoint, endpointWarning } from '../../../contract/model/external-model'
import { describeIssue } from '../../../contract/model/problem'
import type { Recipe, SourcedRanges } from '../../../contract/model/recipe'
import { samplingBaselineText } from '../../../contract/model/sampling-baseline'
import { sourcedRecipe } from '../../../contract/model/sourced-recipe'
import { blendStrengths, postStrengths, rangesStrengths } from '../../../contract/model/strengths'
import { isFile, isFolder } from '../../base/files/path-kinds'
import { absolutePath } from '../../base/files/places'
import { openPair } from '../../checkpoint/pair'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { allowForThisRun } from '../../endpoint/confirmed-addresses'
import { readRecipeFile, readRecipesFile } from '../../mergekit/recipe-file'
import type { ProjectPair } from '../../project/pair/project-pair'
import { answerFileModel } from '../../samples/answer-files'
import { remark } from '../printing/output'
import { selectedInFile, selectedRecipe } from './selected-recipe'
import { usageError } from '../options/options'
import { endpointOfFile } from '../options/server-file'

/*
 * The one way in which commands name models, as operands. Which file or folder a name means is looked up here; its form is parsed by
 * `modelWordFromText`.
 */

/** Operands of commands that compare models. @param otherwise models when none is named, for the help */
export const comparedModels = (otherwise: string): Argument =>
  new Argument('[which...]', `such as base, 4-11, selected or FILE (default: ${otherwise})`)

/** The operand of a command that writes one model. */
export const writtenModel = new Argument('[which]', 'such as 4-11, selected, FILE or post')

/** Operands of a command that checks recipes. @param otherwise recipes when none is named, for the help */
export const checkedRecipes = (otherwise: string): Argument =>
  new Argument('[which...]', `such as 4-11, selected or FILE (default: ${otherwise})`)

/** Where models are looked up. */
export interface ModelPlace {
  readonly folders: PairFolders
  /** The pair of a project, whose names can be used; null for none. */
  readonly pair: ProjectPair | null
}

/** Endings of files that hold recipes or results. */
const FILE_ENDINGS = ['.json', '.yaml', '.yml']

/**
 * The models that the operands name, in their order.
 *
 * @throws UsageError for an operand that names no model; WorkbenchError as what it names is read
 */
export async function modelsNamed(
  texts: readonly string[],
  place: ModelPlace,
  command: Command
): Promise<Variant[]> {
  // What is wrong with the words themselves is said before any file is read.
  const words = texts.map((text) => wordOf(text, command))
  const variants: Variant[] = []
  for (const word of words) variants.push(await modelNamed(word, place, command))
  return variants
}

/** One model that the engine computes as a whole, for a question about its next token. */
export async function engineModelNamed(
  text: string,
  place: ModelPlace,
  command: Command
): Promise<Exclude<Model, { kind: 'baseline' }>> {
  const variant = await modelNamed(wordOf(text, command), place, command)
  switch (variant.kind) {
    case 'base':
    case 'post':
      return { kind: variant.kind }
    case 'recipe':
      return { kind: 'recipe', recipe: variant.recipe }
    case 'checkpoint':
      return variant
    default:
      throw usageError(command, `${text} has no next-token distribution of its own: name a model of the pair`)
  }
}

/** Post with what an operand restores. @throws UsageError for a model that is no recipe; as {@link modelsNamed} */
export async function recipeNamed(text: string, place: ModelPlace, command: Command): Promise<Recipe> {
  const variant = await modelNamed(wordOf(text, command), place, command)
  if (variant.kind === 'recipe') return variant.recipe
  if (variant.kind !== 'post') throw noRecipe(text, command)
  const { post } = await openPair(place.folders.base, place.folders.post)
  return { name: 'post', layers: postStrengths(post.spec.layerCount) }
}

/** The recipes that operands name; a file may hold several. @throws as {@link recipeNamed} */
export async function recipesNamed(
  texts: readonly string[],
  place: ModelPlace,
  command: Command
): Promise<Recipe[]> {
  const words = texts.map((text) => ({ text, word: wordOf(text, command) }))
  const recipes: Recipe[] = []
  for (const { text, word } of words) {
    if (word.kind === 'place' && keptModel(text, place) === null && (await isRecipeFile(text))) {
      recipes.push(...((await selectedOf(text)) ?? (await readRecipesFile(text, place.folders))))
      continue
    }
    const variant = await modelNamed(word, place, command)
    if (variant.kind !== 'recipe') throw noRecipe(text, command)
    recipes.push(variant.recipe)
  }
  return recipes
}

const selectedOf = async (file: string): Promise<Recipe[] | null> => {
  const selected = await selectedInFile(file)
  return selected === null ? null : [selected]
}

const noRecipe = (text: string, command: Command): Error =>
  usageError(command, `${text} is no recipe: name layers such as 4-11, selected, a kept recipe or a file`)

function wordOf(text: string, command: Command): ModelWord {
  const word = modelWordFromText(text)
  if ('kind' in word) return word
  throw usageError(
    command,
    `'${text}' names no model: expected ${word.expected}. A file or folder is ./${text}`
  )
}

async function modelNamed(word: ModelWord, place: ModelPlace, command: Command): Promise<Variant> {
  const { folders, pair } = place
  switch (word.kind) {
    case 'base':
    case 'post':
      return { kind: word.kind, name: word.kind }
    case 'selected':
      if (pair === null) {
        const advice = 'give --project FOLDER too, or name the file of a sweep'
        throw usageError(command, `selected is the range of a sweep in a project: ${advice}`)
      }
      return recipeVariant(await selectedRecipe(pair, folders))
    case 'layers':
      return recipeVariant(await restoredRecipe(word.restored, folders, pair))
    case 'blend':
      return blendVariant(word.strength, folders)
    case 'baseline':
      return { kind: 'baseline', name: samplingBaselineText(word.baseline), baseline: word.baseline }
    case 'endpoint':
      return endpointVariant(word, command)
    case 'file':
      return FILE_ENDINGS.slice(1).includes(extname(word.path))
        ? { kind: 'endpoint', name: word.name, endpoint: await endpointOfFile(word.path) }
        : answerFileModel(word.name, absolutePath(word.path))
    case 'place':
      return placeNamed(word.text, place, command)
  }
}

const recipeVariant = (recipe: Recipe): Variant => ({ kind: 'recipe', name: recipe.name, recipe })

/** A recipe or checkpoint that the project keeps under this name; null for none. */
function keptModel(name: string, { pair }: ModelPlace): Variant | null {
  const recipe = pair?.document.recipes.find((kept) => kept.recipe.name === name)?.recipe
  if (recipe !== undefined) return recipeVariant(recipe)
  const checkpoint = pair?.document.otherCheckpoints.find((other) => other.name === name)
  return checkpoint === undefined ? null : { kind: 'checkpoint', ...checkpoint }
}

const isRecipeFile = async (text: string): Promise<boolean> =>
  FILE_ENDINGS.includes(extname(text)) || (await isFile(absolutePath(text)))

/** What a name means: a kept recipe or checkpoint, a file, or a folder. @throws UsageError for a word that is none of them */
async function placeNamed(text: string, place: ModelPlace, command: Command): Promise<Variant> {
  const kept = keptModel(text, place)
  if (kept !== null) return kept
  if (await isRecipeFile(text)) {
    return recipeVariant((await selectedInFile(text)) ?? (await readRecipeFile(text, place.folders)))
  }
  if (/^[\w-]+$/.test(text) && !(await isFolder(absolutePath(text)))) {
    const where = place.pair === null ? '' : `${place.pair.project.path} keeps nothing of this name, and `
    throw usageError(
      command,
      `'${text}' names no model: ${where}no file or folder is called so. Expected base, post, layers such as 4-11, or a file or folder`
    )
  }
  const [checkpoint] = await namedCheckpoints([text], place.folders, [])
  return {
    kind: 'checkpoint',
    ...elementAt(
      [checkpoint].filter((one) => one !== undefined),
      0,
      'checkpoint'
    )
  }
}

/**
 * Post with restored layers.
 *
 * @throws WorkbenchError `bad-input` for layers that the model does not have or that are given twice; as `namedCheckpoints`
 */
async function restoredRecipe(
  restored: readonly SourcedRanges[],
  folders: PairFolders,
  pair: ProjectPair | null
): Promise<Recipe> {
  const named = restored.flatMap(({ source }) => source ?? [])
  const checkpoints = await namedCheckpoints(named, folders, pair?.document.otherCheckpoints ?? [])
  const sources = new Map(named.map((text, index) => [text, elementAt(checkpoints, index, 'checkpoint')]))
  const name = restored
    .flatMap(({ ranges, source }) => {
      const behind = source === null ? '' : `@${mapGet(sources, source, 'checkpoint').name}`
      return ranges.map(([start, end]) => `${start}-${end}${behind}`)
    })
    .join()
  const { layerCount } = (await openPair(folders.base, folders.post)).post.spec
  const asked = 'model'
  if (named.length > 0) return sourcedRecipe({ name, restored, sources, asked }, layerCount)
  const ranges = restored.flatMap((each) => each.ranges)
  // Else what was typed as layers is told of as a recipe that nobody named.
  rangesStrengths(ranges, layerCount, `${asked} ${name}`)
  return { name, ranges }
}

async function blendVariant(strength: number, folders: PairFolders): Promise<Variant> {
  const { layerCount } = (await openPair(folders.base, folders.post)).post.spec
  const name = blendName(strength)
  return { kind: 'recipe', name, recipe: { name, layers: blendStrengths(strength, layerCount) } }
}

/** The user types the address, and with it confirms it. @throws UsageError naming what is wrong with it */
function endpointVariant(
  { name, model, baseUrl, through }: Extract<ModelWord, { kind: 'endpoint' }>,
  command: Command
): Variant {
  const endpoint = Endpoint.safeParse({ model, baseUrl, through })
  if (!endpoint.success) {
    throw usageError(command, `the endpoint "${name}": ${describeIssue(endpoint.error)}`)
  }
  allowForThisRun([endpoint.data])
  return { kind: 'endpoint', name, endpoint: endpoint.data }
}

/** Whether endpoints are told the template's arguments too: a server's template may read others than post's. */
export const asksEndpoints = (texts: readonly string[]): boolean =>
  texts.some((text) => {
    const word = modelWordFromText(text)
    if (!('kind' in word)) return false
    return (
      word.kind === 'endpoint' || (word.kind === 'file' && FILE_ENDINGS.slice(1).includes(extname(word.path)))
    )
  })

/** Says where prompts go, however quiet all else is. */
export function warnOfEndpoints(variants: readonly Variant[]): void {
  for (const variant of variants) if (variant.kind === 'endpoint') remark(endpointWarning(variant.endpoint))
}
