import { parse, type Template, tokenize } from '@huggingface/jinja'

type Token = ReturnType<typeof tokenize>[number]

/** Whitespace as transformers sets it: the indent before a tag and the line break after it are removed. */
const WHITESPACE = { lstrip_blocks: true, trim_blocks: true }

/** Matches a raw block. The groups are the whitespace signs of its four ends, and its text. */
const RAW = /(\{%-?)\s*raw\s*(-?)%\}(.*?)\{%(-?)\s*endraw\s*(-?%\})/gs

/** Operators of the tests that have an argument. A number is divisible if its remainder is 0. */
export const TEST_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['divisibleby', '%'],
  ['eq', '=='],
  ['equalto', '=='],
  ['ne', '!='],
  ['gt', '>'],
  ['greaterthan', '>'],
  ['ge', '>='],
  ['lt', '<'],
  ['lessthan', '<'],
  ['le', '<=']
])

/** Prefix of the names of filters that replace negated tests. */
export const NEGATION = 'not '

/** Parses a template with two features that the library lacks: `raw` blocks, and tests with an argument. */
export function parseTemplate(source: string): Template['parsed'] {
  // Jinja reads every line break as \n.
  const tokens = testsAsFilters(tokenize(source.replace(/\r\n?/g, '\n').replace(RAW, rawAsText), WHITESPACE))
  try {
    return parse(tokens)
  } catch (error) {
    // The library reads beyond the last token.
    throw error instanceof TypeError ? new Error('it ends inside a tag or block') : error
  }
}

/** Turns a raw block into a block that prints its text. */
function rawAsText(_: string, open: string, trimsStart: string, text: string, trimsEnd: string, close: string): string {
  const started = trimsStart === '' ? text : text.trimStart()
  const trimmed = trimsEnd === '' ? started.replace(/(?<=\n)[ \t]+$/, '') : started.trimEnd()
  const escaped = trimmed.replace(/[^A-Za-z0-9]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `${open} if 1 %}{{ "${escaped}" }}{% endif ${close}`
}

/** Turns tests with an argument into filters, such as `x is divisibleby 3` into `x|divisibleby(3)`. */
function testsAsFilters(tokens: readonly Token[]): Token[] {
  const written: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const isNegated = isName(tokens[i + 1], 'not')
    const nameIndex = isNegated ? i + 2 : i + 1
    const name = tokens[nameIndex]
    const token = tokens[i]
    if (token === undefined) continue
    if (!isName(token, 'is') || name?.type !== 'Identifier' || !TEST_OPERATORS.has(name.value)) {
      written.push(token)
      continue
    }
    i = nameIndex
    written.push({ type: 'Pipe', value: '|' }, { type: name.type, value: `${isNegated ? NEGATION : ''}${name.value}` })
    const argument = tokens[i + 1]
    if (argument === undefined || argument.type === 'OpenParen') continue
    written.push({ type: 'OpenParen', value: '(' }, argument, { type: 'CloseParen', value: ')' })
    i++
  }
  return written
}

function isName(token: Token | undefined, name: string): boolean {
  return token?.type === 'Identifier' && token.value === name
}
