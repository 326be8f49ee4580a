import type { Rendering } from '../../contract/documents/crc'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import type { DemoPair } from '../../contract/model/demo-pair'
import type { Recipe } from '../../contract/model/recipe'
import type { Sampling } from '../../contract/model/sampling'
import type { RenderingSettings, SamplerSettings } from '../../contract/work/settings'
import type { WorkPair } from '../../contract/work/work'
import { demoPairAt } from '../project/demo'
import { type CommandFile, shownModelName, withoutFolders } from './shown-command'

/* Options of commands that reports print. Models are named without folders, because a report is shared. */

/** The checkpoints that a result was computed from. */
export interface ComputedFrom {
  basePath: CheckpointReference
  postPath: CheckpointReference
}

/** Returns the built-in pair with these checkpoints; undefined if there is none. */
export const demoPairOf = ({ basePath, postPath }: ComputedFrom): DemoPair | undefined =>
  demoPairAt({ base: basePath.path, post: postPath.path })

/** Returns the options that name a pair. */
export function workPairOf(from: ComputedFrom): WorkPair {
  const demo = demoPairOf(from)
  if (demo !== undefined) return { demo }
  return { base: shownModelName(from.basePath.path), post: shownModelName(from.postPath.path) }
}

/** Returns the options that differ from the default rendering, and the date. */
export const renderingSettings = ({
  systemPrompt,
  templateArguments,
  date,
  assistantPrefix
}: Rendering): RenderingSettings => ({
  ...(systemPrompt === '' ? {} : { system: systemPrompt }),
  ...(Object.keys(templateArguments).length === 0 ? {} : { templateArgument: Object.entries(templateArguments) }),
  date,
  ...(assistantPrefix === '' ? {} : { assistantPrefix })
})

/** Returns the options of a sampler. Without top-k the option is 0, because a model's config may set another value. */
export const samplerSettings = ({ topK, ...sampling }: Sampling): SamplerSettings => ({
  ...sampling,
  topK: topK ?? 0
})

/** Names a recipe: ranges such as `2-5,8-9`, or a file for recipes with strengths. */
export function recipeWord(recipe: Recipe, fileName: string): { word: string; files: CommandFile[] } {
  if ('ranges' in recipe) {
    return { word: recipe.ranges.map(([start, end]) => `${start}-${end}`).join(','), files: [] }
  }
  const content = `${JSON.stringify(withoutFolders(recipe))}\n`
  return { word: fileName, files: [{ name: fileName, content }] }
}
