import { blendRecipe } from '../../contract/documents/swept-model'
import { extname } from 'node:path'
import type { Variant } from '../../contract/documents/samples'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { FEW_SHOT_WORD } from '../../contract/model/few-shot'
import { elementAt, mapGet } from '../../contract/model/look-up'
import type { ModelWord } from '../../contract/model/model-word'
import { rangesText, type Recipe, type SourcedRanges } from '../../contract/model/recipe'
import { samplingBaselineText } from '../../contract/model/sampling-baseline'
import { sourcedRecipe } from '../../contract/model/sourced-recipe'
import { rangesStrengths } from '../../contract/model/strengths'
import { isFile } from '../base/files/path-kinds'
import { absolutePath } from '../base/files/paths'
import { openPair } from '../checkpoint/pair'
import type { PairFolders } from '../crc/sweep/score-recipes'
import { readRecipeFile } from '../mergekit/recipe-file'
import { answerFileModel } from '../samples/answer-files'
import { namedCheckpoints } from './named-checkpoints'

/** Models and folders that words of a command or study can refer to. */
export interface WordContext {
  readonly folders: PairFolders
  /** Checkpoints of the project, which words can name. */
  readonly checkpoints: readonly OtherCheckpoint[]
  /** Folder that relative paths start from; left out: the working directory. */
  readonly folder?: string
}

/** Returns the model that a word of a command or study names, such as `post`, `4-11` or a path. */
export async function namedModel(
  word: Exclude<ModelWord, { kind: 'selected' }>,
  context: WordContext
): Promise<Variant> {
  const { folders, folder } = context
  switch (word.kind) {
    case 'base':
    case 'post':
      return { kind: word.kind, name: word.kind }
    case 'few-shot':
      return { kind: word.kind, name: FEW_SHOT_WORD }
    case 'layers':
      return recipeVariant(await restoredRecipe(word.restored, context))
    case 'blend':
      return recipeVariant(blendRecipe(word, { layerCount: await layerCountOf(folders), source: null }))
    case 'baseline':
      return { kind: 'baseline', name: samplingBaselineText(word.baseline), baseline: word.baseline }
    case 'endpoint':
      return word
    case 'file':
      return answerFileModel(word.name, absolutePath(word.path, folder))
    case 'name-or-path': {
      const path = absolutePath(word.text, folder)
      if (await isRecipeFile(path)) return recipeVariant(await readRecipeFile(path, folders))
      const named = await namedCheckpoints([word.text], folders, [], folder)
      return { kind: 'checkpoint', ...elementAt(named, 0, 'checkpoint') }
    }
  }
}

export const recipeVariant = (recipe: Recipe): Variant => ({ kind: 'recipe', name: recipe.name, recipe })

/** Reports whether a path is a file or ends like one. Recipes and results are stored in files, models in folders. */
export const isRecipeFile = async (path: string): Promise<boolean> =>
  ['.json', '.yaml', '.yml'].includes(extname(path)) || (await isFile(path))

const layerCountOf = async ({ base, post }: PairFolders): Promise<number> =>
  (await openPair(base, post)).post.spec.layerCount

/** Returns a recipe of post with layers from base, or from the checkpoints that the ranges name. */
async function restoredRecipe(
  restored: readonly SourcedRanges[],
  { folders, checkpoints, folder }: WordContext
): Promise<Recipe> {
  const names = [...new Set(restored.flatMap(({ source }) => (source === null ? [] : [source])))]
  const named = await namedCheckpoints(names, folders, checkpoints, folder)
  const sources = new Map(names.map((text, index) => [text, elementAt(named, index, 'checkpoint')]))
  const name = restored
    .flatMap(({ ranges, source }) => {
      const suffix = source === null ? '' : `@${mapGet(sources, source, 'checkpoint').name}`
      return ranges.map((range) => `${rangesText([range])}${suffix}`)
    })
    .join()
  const layerCount = await layerCountOf(folders)
  if (names.length > 0) return sourcedRecipe({ name, restored, sources, asked: 'model' }, layerCount)
  const ranges = restored.flatMap((each) => each.ranges)
  // Throws for layers that the model does not have, with the words that the user typed.
  rangesStrengths(ranges, layerCount, `model ${name}`)
  return { name, ranges }
}
