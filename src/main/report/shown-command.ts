import type { Rendering } from '../../contract/documents/crc'
import type { CheckpointReference, RestoredTo } from '../../contract/model/checkpoint'
import type { Recipe } from '../../contract/model/recipe'
import { withSources } from '../../contract/model/strengths'
import type { Sampling } from '../../contract/model/sampling'
import type { Variant } from '../../contract/documents/samples'
import { pairPaths } from '../project/demo'

/** A file that a command reads, as it has to be written first. */
export interface CommandFile {
  name: string
  content: string
}

/** A command for a POSIX shell that repeats something, and the files it names. */
export interface ShownCommand {
  command: string
  files: CommandFile[]
}

/** The checkpoints that a result was computed from. */
export interface ComputedFrom {
  basePath: CheckpointReference
  postPath: CheckpointReference
}

/** Words as a shell reads them back, each group on a line of its own; empty groups are left out. */
export function shellCommand(groups: readonly (readonly string[])[]): string {
  return groups
    .filter((words) => words.length > 0)
    .map((words) => words.map(shellWord).join(' '))
    .join(' \\\n  ')
}

function shellWord(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The name of a model from its folder: `org/name` for one of the Hugging Face cache, else the last part of the path. */
export function modelName(path: string): string {
  const [, cached] = /(?:^|[/\\])models--([^/\\]+)/.exec(path) ?? []
  if (cached !== undefined) return cached.replace('--', '/')
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path
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

/** What is restored to, without its folder but for the name. */
export const withoutSourceFolder = (source: RestoredTo): RestoredTo =>
  source === null ? null : { ...source, path: modelName(source.path) }

/** A recipe whose sources' folders stand under their names alone. */
export const withoutFolders = (recipe: Recipe): Recipe =>
  withSources(recipe, (source) => ({ ...source, path: modelName(source.path) }))

/** A variant whose folders or file, where it has some, stand under their names alone, as those of the pair do. */
export function withoutFolder<Shown extends Variant>(variant: Shown): Shown {
  if (variant.kind === 'recipe') return { ...variant, recipe: withoutFolders(variant.recipe) }
  return variant.kind === 'checkpoint' || variant.kind === 'file'
    ? { ...variant, path: modelName(variant.path) }
    : variant
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

/** A recipe as the option of a command: its ranges, or a file of this name. */
export function recipeWords(recipe: Recipe, fileName: string): { words: string[]; file: CommandFile | null } {
  if ('ranges' in recipe) {
    const ranges = recipe.ranges.map(([start, end]) => `${start}-${end}`)
    return { words: ['--restore', ranges.join(',')], file: null }
  }
  return {
    words: ['--recipe', fileName],
    file: { name: fileName, content: `${JSON.stringify(withoutFolders(recipe))}\n` }
  }
}

/** A JSON list with one entry a line. */
export function listFile(name: string, entries: readonly unknown[]): CommandFile {
  return { name, content: `[\n${entries.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]\n` }
}
