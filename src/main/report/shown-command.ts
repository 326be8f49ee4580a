import type { RestoredTo } from '../../contract/model/checkpoint'
import type { Recipe } from '../../contract/model/recipe'
import { withSources } from '../../contract/model/strengths'
import { shellWord } from '../../contract/words/shell-word'
import type { Variant } from '../../contract/documents/samples'

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

/** What a file is called in the commands of one part. */
export type FileNaming = (name: string) => string

/** As it is: of a part that stands alone. */
export const asNamed: FileNaming = (name) => name

/**
 * Names the files of parts that are computed again in one folder: a name that another part has gets a number before its ending, so
 * that no part replaces, or reads, what is another's. Within a part a name stands for one file.
 *
 * @returns makes the naming of the next part
 */
export function namingOfParts(): () => FileNaming {
  const taken = new Set<string>()
  return () => {
    const names = new Map<string, string>()
    return (name) => {
      const before = names.get(name)
      if (before !== undefined) return before
      let free = name
      for (let number = 2; taken.has(free); number += 1) free = name.replace(/(\.[^.]*)?$/, `-${number}$1`)
      taken.add(free)
      names.set(name, free)
      return free
    }
  }
}

/** Words as a shell reads them back, each group on a line of its own; empty groups are left out. */
export function shellCommand(groups: readonly (readonly string[])[]): string {
  return groups
    .filter((words) => words.length > 0)
    .map((words) => words.map(shellWord).join(' '))
    .join(' \\\n  ')
}

/** The name of a model from its folder: `org/name` for one of the Hugging Face cache, else the last part of the path. */
export function shownModelName(path: string): string {
  const [, cached] = /(?:^|[/\\])models--([^/\\]+)/.exec(path) ?? []
  if (cached !== undefined) return cached.replace('--', '/')
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path
}

/** What is restored to, without its folder but for the name. */
export const withoutSourceFolder = (source: RestoredTo): RestoredTo =>
  source === null ? null : { ...source, path: shownModelName(source.path) }

/** A recipe whose sources' folders stand under their names alone. */
export const withoutFolders = (recipe: Recipe): Recipe =>
  withSources(recipe, (source) => ({ ...source, path: shownModelName(source.path) }))

/** A variant whose folders or file, where it has some, stand under their names alone, as those of the pair do. */
export function withoutFolder<Shown extends Variant>(variant: Shown): Shown {
  if (variant.kind === 'recipe') return { ...variant, recipe: withoutFolders(variant.recipe) }
  return variant.kind === 'checkpoint' || variant.kind === 'file'
    ? { ...variant, path: shownModelName(variant.path) }
    : variant
}

/** A JSON list with one entry a line. */
export function listFile(name: string, entries: readonly unknown[]): CommandFile {
  return { name, content: `[\n${entries.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]\n` }
}

/** The description of a server, a field a line. */
export function serverFields(name: string, fields: Readonly<Record<string, unknown>>): CommandFile {
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${JSON.stringify(value)}`)
  return { name, content: `${lines.join('\n')}\n` }
}
