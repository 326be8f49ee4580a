import { shellWord } from '../../contract/words/shell-word'
import { isJsonObject } from '../base/json-object'

/* Commands in reports, and names of models without their folders. */

/** A file that has to be written before its command. */
export interface CommandFile {
  name: string
  content: string
}

/** A command for a POSIX shell, and the files that it names. */
export interface ShownCommand {
  command: string
  files: CommandFile[]
}

/** Names a file that the commands of one result of the report read or write. */
export type FileNaming = (name: string) => string

/** Keeps the names of files, for a report of a single result. */
export const asNamed: FileNaming = (name) => name

/**
 * Names files so that the results of a report can be computed in one folder without replacing each other's files.
 *
 * @returns a function to call once for each result. The result's commands name their files by the function it returns.
 */
export function namingOfResults(): () => FileNaming {
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

/** Quotes words for a shell, one line for each group that has words. */
export function shellCommand(groups: readonly (readonly string[])[]): string {
  return groups
    .filter((words) => words.length > 0)
    .map((words) => words.map(shellWord).join(' '))
    .join(' \\\n  ')
}

/** Names a model after its folder: `org/name` in the Hugging Face cache, otherwise the last part of the path. */
export function shownModelName(path: string): string {
  const [, cached] = /(?:^|[/\\])models--([^/\\]+)/.exec(path) ?? []
  if (cached !== undefined) return cached.replace('--', '/')
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path
}

/** Replaces the folder or file of every model in a value, its `path`, by a name, because reports are shared. */
export function withoutFolders(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutFolders)
  if (!isJsonObject(value)) return value
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    name === 'path' && typeof field === 'string' ? shownModelName(field) : withoutFolders(field)
  ])
  return Object.fromEntries(fields)
}

/** Writes a JSON list with one entry a line. */
export function listFile(name: string, entries: readonly unknown[]): CommandFile {
  return {
    name,
    content: `[\n${entries.map((entry) => `  ${JSON.stringify(withoutFolders(entry))}`).join(',\n')}\n]\n`
  }
}

/** Writes a YAML file that describes a server, one field a line. */
export function serverFields(name: string, fields: Readonly<Record<string, unknown>>): CommandFile {
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${JSON.stringify(value)}`)
  return { name, content: `${lines.join('\n')}\n` }
}
