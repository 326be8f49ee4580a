import type { Rendering } from '../../contract/documents/crc'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import type { Recipe } from '../../contract/model/recipe'
import type { Sampling } from '../../contract/model/sampling'
import { pairPaths } from '../project/demo'
import { type CommandFile, modelName, withoutFolders } from './shown-command'

/** The checkpoints that a result was computed from. */
export interface ComputedFrom {
  basePath: CheckpointReference
  postPath: CheckpointReference
}

/** Whether these are the checkpoints of the pair that ships with the program. */
export function isDemoPair({ basePath, postPath }: ComputedFrom): boolean {
  const demo = pairPaths({ kind: 'demo' })
  return basePath.path === demo.base && postPath.path === demo.post
}

/**
 * The pair on a command line. Model folders stand under their names alone, since a page that is shared should not tell how
 * the folders of its author are called.
 */
export function pairWords(from: ComputedFrom): string[] {
  if (isDemoPair(from)) return ['--demo']
  return ['--base', modelName(from.basePath.path), '--post', modelName(from.postPath.path)]
}

/** All of a rendering but what only sweeps have. */
export function renderingWords(rendering: Rendering): string[] {
  return [
    ...(rendering.systemPrompt === '' ? [] : ['--system', rendering.systemPrompt]),
    ...Object.entries(rendering.templateArguments).flatMap(([key, value]) => [
      '--template-argument',
      `${key}=${String(value)}`
    ]),
    ...['--date', rendering.date],
    ...(rendering.assistantPrefix === '' ? [] : ['--assistant-prefix', rendering.assistantPrefix])
  ]
}

/** How tokens are drawn; a top-k of 0 switches off what a generation config may ask for. */
export const samplingWords = (sampling: Sampling): string[] => [
  ...['--temperature', String(sampling.temperature)],
  ...['--top-k', String(sampling.topK ?? 0)],
  ...['--top-p', String(sampling.topP)],
  ...['--min-p', String(sampling.minP)],
  ...['--repetition-penalty', String(sampling.repetitionPenalty)]
]

/** A recipe as the operand of a command: its ranges, or a file of this name. */
export function recipeWords(recipe: Recipe, fileName: string): { words: string[]; file: CommandFile | null } {
  if ('ranges' in recipe) {
    const ranges = recipe.ranges.map(([start, end]) => `${start}-${end}`)
    return { words: [ranges.join(',')], file: null }
  }
  return {
    words: [fileName],
    file: { name: fileName, content: `${JSON.stringify(withoutFolders(recipe))}\n` }
  }
}
