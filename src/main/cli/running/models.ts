import { Argument, type Command } from 'commander'
import type { Variant } from '../../../contract/documents/samples'
import { type Model, sweptRangeModel } from '../../../contract/model/model'
import { type ModelWord, modelWordFromText } from '../../../contract/model/model-word'
import { endpointWarning } from '../../../contract/model/external-model'
import type { Recipe } from '../../../contract/model/recipe'
import { postStrengths } from '../../../contract/model/strengths'
import { inputError } from '../../../contract/model/problem'
import { rangeName } from '../../../contract/words/format'
import { isRecipeFile, namedModel, recipeVariant } from '../../work/named-models'
import { isFolder } from '../../base/files/path-kinds'
import { absolutePath, resultPath } from '../../base/files/paths'
import { openPair } from '../../checkpoint/pair'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { allowForThisRun } from '../../endpoint/confirmed-addresses'
import { isYaml, readRecipesFile } from '../../mergekit/recipe-file'
import { demoCheckpoint } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { requireSameAsSwept } from '../../crc/sweep/same-as-swept'
import { kindOfFile } from '../../base/files/document-kinds'
import { readSweepFiles } from '../../project/documents/sweep-files'
import { remark } from '../printing/output'
import { usageError } from '../options/options'
import { endpointOfFile } from '../options/server-file'
import { readCheckBeside } from '../results/check-beside'
import { sweepOfRanges } from './starting-sweep'

/* Resolves the names of models in commands. Files and folders are looked up here. */

/** The operand of commands that compare models. @param defaults words for the models compared if none is given */
export const comparedModels = (defaults: string): Argument =>
  new Argument('[which...]', `such as 4-11 or FILE (default: ${defaults})`)

/** The operand of `slr export`: the model to write. */
export const writtenModel = new Argument('[which]', 'such as 4-11, selected, FILE or post')

/** The operand of `slr check`: the recipes to check. @param defaults words for the recipes checked if none is given */
export const checkedRecipes = (defaults: string): Argument =>
  new Argument('[which...]', `such as 4-11, selected or FILE (default: ${defaults})`)

/** Pair and project in which models are looked up. */
export interface ModelContext {
  readonly folders: PairFolders
  /** The pair of a project, whose names can be used; null for none. */
  readonly pair: ProjectPair | null
}

/** Returns the models that the operands name. @throws UsageError for an operand that names no model */
export async function modelsNamed(
  texts: readonly string[],
  context: ModelContext,
  command: Command
): Promise<Variant[]> {
  // All words are parsed before the first file is read, so that a misspelled word fails at once.
  const words = texts.map((text) => wordOf(text, command))
  const variants: Variant[] = []
  for (const word of words) variants.push(await modelNamed(word, context, command))
  return variants
}

/** Returns the model that an operand names, for a question about its next token. */
export async function engineModelNamed(
  text: string,
  context: ModelContext,
  command: Command
): Promise<Exclude<Model, { kind: 'baseline' }>> {
  const variant = await modelNamed(wordOf(text, command), context, command)
  switch (variant.kind) {
    case 'base':
    case 'post':
      return { kind: variant.kind }
    case 'recipe':
      return { kind: 'recipe', recipe: variant.recipe }
    case 'checkpoint':
      return variant
    default:
      throw usageError(command, `${text} has no next-token distribution: name a model of the pair`)
  }
}

/** Returns the recipe that an operand names. @throws UsageError for a model that is no recipe; as modelsNamed */
export async function recipeNamed(text: string, context: ModelContext, command: Command): Promise<Recipe> {
  const variant = await modelNamed(wordOf(text, command), context, command)
  if (variant.kind === 'recipe') return variant.recipe
  if (variant.kind !== 'post') throw noRecipe(text, command)
  const { post } = await openPair(context.folders.base, context.folders.post)
  return { name: 'post', layers: postStrengths(post.spec.layerCount) }
}

/** Returns the recipes that operands name; a file may hold several. @throws as {@link recipeNamed} */
export async function recipesNamed(
  texts: readonly string[],
  context: ModelContext,
  command: Command
): Promise<Recipe[]> {
  const words = texts.map((text) => ({ text, word: wordOf(text, command) }))
  const recipes: Recipe[] = []
  for (const { text, word } of words) {
    if (word.kind === 'name-or-path' && keptModel(text, context) === null && (await isRecipeFile(absolutePath(text)))) {
      recipes.push(...((await selectedOf(text)) ?? (await readRecipesFile(text, context.folders))))
      continue
    }
    const variant = await modelNamed(word, context, command)
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
  usageError(command, `${text} is not a recipe: name layers such as 4-11, selected, a kept recipe or a file`)

function wordOf(text: string, command: Command): ModelWord {
  const word = modelWordFromText(text)
  if ('kind' in word) return word
  throw usageError(command, `'${text}' names no model: expected ${word.expected}. A file or folder is ./${text}`)
}

async function modelNamed(word: ModelWord, context: ModelContext, command: Command): Promise<Variant> {
  const { folders, pair } = context
  switch (word.kind) {
    case 'selected':
      if (pair === null) {
        const advice = 'give --project FOLDER too, or name the file of a sweep'
        throw usageError(command, `selected needs the sweep of a project: ${advice}`)
      }
      return recipeVariant(await selectedRecipe(pair, folders))
    case 'endpoint':
      // The user has typed the address, so it needs no further confirmation.
      allowForThisRun([word.endpoint])
      break
    case 'file':
      if (isYaml(word.path)) return { kind: 'endpoint', name: word.name, endpoint: await endpointOfFile(word.path) }
      break
    case 'name-or-path': {
      const variant = await modelOfNameOrPath(word.text, context, command)
      if (variant !== null) return variant
    }
  }
  return namedModel(word, { folders, checkpoints: pair?.document.otherCheckpoints ?? [] })
}

/** Finds a recipe or checkpoint that the project keeps, by its name. */
function keptModel(name: string, { pair }: ModelContext): Variant | null {
  const recipe = pair?.document.recipes.find((storedModel) => storedModel.recipe.name === name)?.recipe
  if (recipe !== undefined) return recipeVariant(recipe)
  const checkpoint = pair?.document.otherCheckpoints.find((other) => other.name === name)
  return checkpoint === undefined ? null : { kind: 'checkpoint', ...checkpoint }
}

/** Finds a kept model, or the selected range of a sweep's file; null for another file, and for a folder. */
async function modelOfNameOrPath(text: string, context: ModelContext, command: Command): Promise<Variant | null> {
  const storedModel = keptModel(text, context)
  if (storedModel !== null) return storedModel
  if (await isRecipeFile(absolutePath(text))) {
    const selected = await selectedInFile(text)
    return selected === null ? null : recipeVariant(selected)
  }
  const isShipped = demoCheckpoint(context.folders, text) !== null
  if (/^[\w-]+$/.test(text) && !isShipped && !(await isFolder(absolutePath(text)))) {
    const nowhere = context.pair === null ? '' : `, and nothing in ${context.pair.project.path}`
    throw usageError(
      command,
      `'${text}' names no model, file or folder${nowhere}: expected base, post, layers such as 4-11, or a path`
    )
  }
  return null
}

/** Reports whether an operand names an endpoint, whose chat template may read other arguments than post's. */
export const asksEndpoints = (texts: readonly string[]): boolean =>
  texts.some((text) => {
    const word = modelWordFromText(text)
    if (!('kind' in word)) return false
    return word.kind === 'endpoint' || (word.kind === 'file' && isYaml(word.path))
  })

/** Names the endpoints that receive prompts, even with `--quiet`. */
export function warnOfEndpoints(variants: readonly Variant[]): void {
  for (const variant of variants) if (variant.kind === 'endpoint') remark(endpointWarning(variant.endpoint))
}

const MAX_SWEEP_BYTES = 256_000_000

/** Returns the range that a file's sweep selects, with the check beside the file; null for a file of another kind. */
async function selectedInFile(typed: string): Promise<Recipe | null> {
  const file = await resultPath(typed)
  if ((await kindOfFile(file, MAX_SWEEP_BYTES))?.kind !== 'sweep') return null
  const sweep = await readSweepFiles(file)
  const rho = sweep.selection?.rho
  const check = await readCheckBeside(file, sweep.id)
  const selected =
    rho === undefined ? null : ((await runCooperatively(checkedSelection(sweep, check, rho)))?.selected ?? null)
  if (selected === null) throw inputError(`The sweep ${typed} selects no range.`, 'Name layers such as 4-11.')
  return { ...sweptRangeModel(selected, sweep).recipe, name: rangeName(selected, sweep.source) }
}

/** Returns the range that the sweep of a pair selects, considering its check and the project's limit. */
async function selectedRecipe(projectPair: ProjectPair, folders: { base: string; post: string }): Promise<Recipe> {
  const sweep = await sweepOfRanges(projectPair)
  const { base, post } = await openPair(folders.base, folders.post)
  requireSameAsSwept({ basePath: base.checkpoint, postPath: post.checkpoint, prompts: [] }, sweep)
  const check = await projectPair.readAnswerCheck(sweep.id)
  const { rho } = projectPair.document.settings
  const selected = (await runCooperatively(checkedSelection(sweep, check, rho)))?.selected ?? null
  if (selected === null)
    throw inputError(
      `The sweep ${sweep.id} selects no range: none is more diverse than post at ${rho} x its validity.`,
      'Name layers such as 4-11, or set a lower limit in the project.'
    )
  return { ...sweptRangeModel(selected, sweep).recipe, name: rangeName(selected, sweep.source) }
}
