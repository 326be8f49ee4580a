import { WorkbenchError } from '../../contract/model/problem'
import { askConfined } from './host'
import type { YamlLine } from './messages'

/** Real recipes have a few kB; one with two blended sources for each of 512 layers has some 200 kB, with long paths more. */
export const MAX_YAML_BYTES = 1_000_000
const MAX_OPEN_BRACKETS = 50
const MAX_INDENT = 100

/** A YAML text's value, and where its fields stand. */
export interface ReadYaml {
  value: unknown
  lines: readonly YamlLine[]
}

/**
 * A YAML text from elsewhere, read in a process of its own: the library's time and memory are not bounded by the size of
 * the text.
 *
 * @param file its path or name, for messages
 * @param maxAliases how many nodes aliases may stand for
 * @throws WorkbenchError `bad-file` when it is not YAML, too large or too deep, or when reading it takes too long
 */
export async function readYaml(text: string, file: string, maxAliases: number): Promise<ReadYaml> {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    throw new WorkbenchError(
      'bad-file',
      `${file} has ${Buffer.byteLength(text)} bytes; at most ${MAX_YAML_BYTES} are read.`
    )
  }
  refuseDeep(text, file)
  const reply = await askConfined({ kind: 'yaml', text, file, maxAliases })
  if (reply.kind === 'yaml') return reply
  throw new Error(`the confined process replied to YAML with ${reply.kind}`)
}

/** By what makes YAML deep: brackets left open, and how far a line begins to the right, its `-` and `?` counted. */
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
    throw new WorkbenchError(
      'bad-file',
      `${file} nests too deep in line ${index + 1}: at most ${MAX_OPEN_BRACKETS} brackets within each other and ` +
        `${MAX_INDENT} columns of indentation are read.`
    )
  }
}
