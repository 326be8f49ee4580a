import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, YAMLParseError } from 'yaml'
import { fileError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import type { YamlLine, YamlRequest } from './messages'

/** Most fields whose lines are recorded. */
const MAX_LINES = 10_000

/** Parses YAML and records the lines of its fields. @throws WorkbenchError `bad-file` if the text is not YAML */
export function parseYaml({ text, file, maxAliases }: YamlRequest): { value: unknown; lines: YamlLine[] } {
  try {
    const lineCounter = new LineCounter()
    const document = parseDocument(text, { lineCounter, prettyErrors: true, logLevel: 'error' })
    const [error] = document.errors
    if (error !== undefined) throw error
    const lines: YamlLine[] = []
    addLines(document.contents, [], lineCounter, lines)
    return { value: document.toJS({ maxAliasCount: maxAliases }), lines }
  } catch (error) {
    if (error instanceof YAMLParseError && error.code === 'MULTIPLE_DOCS') {
      throw fileError(
        `${file} holds several YAML documents, separated by "---"; one is read.`,
        'Put the document that is meant into a file of its own.'
      )
    }
    const [message = ''] = errorMessage(error).split('\n')
    throw fileError(`${file} is not YAML: ${message.replace(/:$/, '')}.`)
  }
}

/** Records the fields of a node and of all nodes within it. */
function addLines(node: unknown, path: YamlLine['path'], counter: LineCounter, lines: YamlLine[]): void {
  const add = (position: Node, name: string | number, value: unknown): void => {
    if (lines.length >= MAX_LINES) return
    const inner = [...path, name]
    lines.push({ path: inner, line: counter.linePos(position.range?.[0] ?? 0).line })
    addLines(value, inner, counter, lines)
  }
  if (isMap(node)) {
    for (const { key, value } of node.items) if (isScalar(key)) add(key, String(key.value), value)
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) if (isNode(item)) add(item, index, item)
  }
}
