import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const SOURCES = join(import.meta.dirname, '../../src')

/** Returns a file, or the files of a folder whose names match. */
const filesIn = (path: string, name: RegExp): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((file) => name.test(file))
        .map((file) => join(path, file))
    : [path]

/** Doc comments are full sentences in the third person; these words would begin a riddle. */
const RIDDLE = /^(What|Of|Those|Whoever|Whether|Whose|Whom|Which|Where|From|Over|By|So|Such|Nothing|Nobody|As)\b/
/** Names that do not say what a variable holds. */
const VAGUE =
  /^(?!\s*\*).*\b(?:const|let|readonly|private|function)\s+(found|known|own|asked|kept|told|said|some|rest|held|made|given|shown|heard|of|it)\b/
/** Types are nouns of the domain. */
const PARTICIPLE =
  /^(?:export )?(?:interface|type|class) (Made|Held|Kept|Told|Said|Found|Asked|Shown|Lent|Given|Known|Heard|Left|Taken|Put|Done|Read|Written|Run|Meant|Sent|Chosen|Tried|Spent)(?:Of|Now|Together|By|As)?\b/
const MAX_LINE = 120
/** Longest text in sight, in characters. Longer explanations belong behind a hint. */
const MAX_TEXT = 110
/** Longest sentence of a text in sight, in characters; each value in it counts as one. */
const MAX_SENTENCE = 110
/** Files of texts that stand behind a "?" hint. */
const HINTS = ['glossary.ts']

interface Finding {
  readonly line: number
  readonly rule: string
  readonly text: string
}

function findingsIn(source: string): Finding[] {
  const lines = source.split('\n')
  return lines.flatMap((text, index): Finding[] => {
    const doc = /^\s*\/\*\*\s*(.*)$/.exec(text)?.[1]
    const first = doc === '' ? (lines[index + 1] ?? '').replace(/^\s*\*\s*/, '') : doc
    const rules = [
      ...(first !== undefined && RIDDLE.test(first) ? ['doc comment'] : []),
      ...(VAGUE.test(text) ? ['vague name'] : []),
      ...(PARTICIPLE.test(text) ? ['participle type'] : []),
      // A regular expression cannot be wrapped.
      ...(text.length > MAX_LINE && !/^\s*\/(?![/*]).*\/[a-z]*$/.test(text) ? ['line length'] : [])
    ]
    return rules.map((rule) => ({ line: index + 1, rule, text: text.trim() }))
  })
}

/** Returns a text as written, with `x` for each value in it; null for other expressions. */
function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression)
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `x${literal.text}`).join('')
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return null
  const [left, right] = [textOf(node.left), textOf(node.right)]
  return left === null && right === null ? null : `${left ?? 'x'}${right ?? 'x'}`
}

function longSentences(source: string): string[] {
  const sentences: string[] = []
  const visit = (node: ts.Node): void => {
    sentences.push(...(textOf(node) ?? '').split(/(?<=[.!?])\s/))
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('words.ts', source, ts.ScriptTarget.Latest, true))
  return [...new Set(sentences)].filter(({ length }) => length > MAX_SENTENCE)
}

/** Returns the texts of a component's markup, with `x` for each expression. */
function textsIn(component: string): string[] {
  const markup = component
    .replace(/<(script|style)[\s\S]*?<\/\1>|<!--[\s\S]*?-->/g, '')
    .replace(/\{(?:[^{}]|\{[^{}]*\})*\}/g, 'x')
  return Array.from(markup.matchAll(/>([^<>]+)</g), ([, text = '']) => text.replace(/\s+/g, ' ').trim())
}

describe('texts in sight', () => {
  const RENDERER = join(SOURCES, 'renderer')
  const components = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.svelte')
  )

  it('are short', () => {
    const long = components.flatMap((file) =>
      textsIn(readFileSync(join(RENDERER, file), 'utf8'))
        .filter((text) => text.length > MAX_TEXT)
        .map((text) => `${file}: ${text}`)
    )
    expect(components.length).toBeGreaterThan(0)
    expect(long).toEqual([])
  })

  it('are the words between tags, with a letter for each expression', () => {
    expect(textsIn('<script>a</script><p>One {two({ three })}\n four</p><style>b</style>')).toEqual(['One x four'])
  })
})

describe('comments and names', () => {
  it.each(readdirSync(SOURCES))('of %s are plain English', (room) => {
    const entries = readdirSync(join(SOURCES, room), { recursive: true, encoding: 'utf8' })
    const files = entries.filter((file) => /\.(ts|svelte)$/.test(file)).map((file) => join(room, file))
    expect(files.length).toBeGreaterThan(0)
    const findings = files.flatMap((file) =>
      findingsIn(readFileSync(join(SOURCES, file), 'utf8')).map(
        ({ line, rule, text }) => `${file}:${line}: ${rule}: ${text}`
      )
    )
    expect(findings).toEqual([])
  })

  it('of doc comments in tests and tools are plain English', () => {
    const findings = ['test', 'tools'].flatMap((folder) =>
      filesIn(join(SOURCES, '..', folder), /\.(ts|mjs)$/)
        .filter((file) => file !== import.meta.filename)
        .flatMap((file) =>
          findingsIn(readFileSync(file, 'utf8'))
            .filter(({ rule }) => rule === 'doc comment')
            .map(({ line, text }) => `${file}:${line}: ${text}`)
        )
    )
    expect(findings).toEqual([])
  })

  it('are reported where they are not', () => {
    const source = ['/** What a sweep holds. */', 'interface Held {}', 'const found = 1', '/**', ' * Of it.', ' */']
    expect(findingsIn(source.join('\n')).map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '1 doc comment',
      '2 participle type',
      '3 vague name',
      '4 doc comment'
    ])
  })
})

/** States and terms with their one wording, and other wordings that were used for them. */
const ONE_WORDING: readonly [wording: string, others: RegExp][] = [
  ['full sweep', /\b(whole|complete|entire) sweep/i],
  ['full-answer check', /\b(check of (whole|full) answers|whole-answer check)\b/i],
  ['not checked', /\(unchecked\)|\ban unchecked (range|recipe|model)\b/i],
  ['uniform blend', /\bsoups? (of|at|with)\b/i],
  ['baseline', /\brivals? (of|at|with|that|is|are|does|do)\b/i],
  ['external model', /\b(outside|foreign) (model|answer)/i],
  ['hold-out prompts', /\b(held-out|reported half of the) prompts\b/i],
  ['The project is read-only.', /\bproject (cannot be saved\.|is not writable|cannot be changed\.)/i],
  ['The workbench is not connected.', /\b(not connected yet|connection is not there|is disconnected|is offline\.)/i],
  ['Loading…', /\b(please wait|loading\.\.\.|one moment)/i],
  ['Saved', /\b(successfully saved|all changes saved|is stored now)/i],
  ['Stopped', /\b(was|were) (aborted|canceled|interrupted)\b/i]
]

/** Returns the lines of a source or page without comments that have another wording of a state. */
function otherWordings(text: string): string[] {
  const shown = text.replaceAll(/\/\*[^]*?\*\/|<!--[^]*?-->|(?<=\s)\/\/ .*/g, '')
  return shown
    .split('\n')
    .flatMap((line) =>
      ONE_WORDING.filter(([, others]) => others.test(line)).map(([wording]) => `"${wording}" for: ${line.trim()}`)
    )
}

describe('texts', () => {
  it('have one wording for each state and term', () => {
    const pages = ['README.md', 'docs'].flatMap((path) => filesIn(join(SOURCES, '..', path), /\.md$/))
    const files = [...filesIn(SOURCES, /\.(ts|svelte)$/), ...pages]
    const findings = files.flatMap((file) =>
      otherWordings(readFileSync(file, 'utf8')).map((finding) => `${file}: ${finding}`)
    )
    expect(findings).toEqual([])
  })

  it('with another wording of a state are reported, and comments are not', () => {
    expect(otherWordings("const a = 'Run the whole sweep.' // A whole sweep.\n/* whole sweep */")).toEqual([
      `"full sweep" for: const a = 'Run the whole sweep.'`
    ])
  })

  it('in sight have short sentences', () => {
    const room = join(SOURCES, 'contract/words')
    const files = readdirSync(room).filter((file) => !HINTS.includes(file))
    const long = files.flatMap((file) => longSentences(readFileSync(join(room, file), 'utf8')))
    expect(long).toEqual([])
  })

  it('are reported where a sentence is long', () => {
    const half = 'x'.repeat(60)
    expect(longSentences(`const a = 'Short. ${half}' + \`${half} \${count}\``)).toEqual([`${half}${half} x`])
    expect(longSentences(`const a = '${half}. ${half}.'`)).toEqual([])
  })
})
