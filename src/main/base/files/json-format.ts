/** Formats JSON to read and compare: two spaces per level, and lists and objects of plain values on one line. */
export function formatJson(document: unknown): string {
  return [...jsonPieces(document)].join('')
}

/** Formats in pieces, for documents of any length. */
export function* jsonPieces(document: unknown): Generator<string> {
  yield* formatValue(document, '', false)
  yield '\n'
}

function* formatValue(value: unknown, indent: string, isElement: boolean): Generator<string> {
  if (!isContainer(value) || fitsDepth(value, isElement ? 2 : 1)) {
    yield JSON.stringify(value)
    return
  }
  const inner = `${indent}  `
  const isList = Array.isArray(value)
  let between = isList ? '[\n' : '{\n'
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined && !isList) continue
    yield isList ? between + inner : `${between}${inner}${JSON.stringify(key)}: `
    yield* formatValue(member, inner, isList)
    between = ',\n'
  }
  yield `\n${indent}${isList ? ']' : '}'}`
}

/** Reports whether containers nest at most `depth` levels; a list of numbers has depth 1. */
function fitsDepth(value: unknown, depth: number): boolean {
  if (!isContainer(value)) return true
  return depth > 0 && Object.values(value).every((member) => fitsDepth(member, depth - 1))
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
