import { fileError } from '../../contract/model/problem'
import { askSandbox } from './host'
import type { YamlLine } from './messages'

/** Maximum size of a recipe in YAML. A recipe with two blended sources for each of 512 layers has about 200 kB. */
export const MAX_YAML_BYTES = 1_000_000
const MAX_OPEN_BRACKETS = 50
const MAX_INDENT = 100

interface YamlContent {
  value: unknown
  /** Lines of fields and list entries, for errors. */
  lines: readonly YamlLine[]
}

/**
 * Reads an untrusted YAML text in the sandbox process.
 *
 * @param file name of the file in errors
 * @param maxAliases largest number of nodes that aliases repeat
 */
export async function readYaml(text: string, file: string, maxAliases: number): Promise<YamlContent> {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    throw fileError(`${file} has ${Buffer.byteLength(text)} bytes; at most ${MAX_YAML_BYTES} are read.`)
  }
  refuseDeep(text, file)
  return askSandbox({ kind: 'yaml', text, file, maxAliases }, 'yaml')
}

/** Refuses YAML that is nested too deep, by its open brackets, and by indentation, to which `-` and `?` count. */
function refuseDeep(text: string, file: string): void {
  let open = 0
  for (const [index, line] of text.split('\n').entries()) {
    const [start = ''] = /^[\s?:-]*/.exec(line) ?? []
    for (const character of line) {
      if (character === '[' || character === '{') open += 1
      if (character === ']' || character === '}') open = Math.max(0, open - 1)
      if (open > MAX_OPEN_BRACKETS) break
    }
    if (open <= MAX_OPEN_BRACKETS && start.length <= MAX_INDENT) continue
    throw fileError(
      `${file} nests too deep in line ${index + 1}: at most ${MAX_OPEN_BRACKETS} brackets within each other and ` +
        `${MAX_INDENT} columns of indentation are read.`
    )
  }
}
