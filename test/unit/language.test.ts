import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const SOURCES = join(import.meta.dirname, '../../src')

/** Rooms of src whose comments and names follow the rules below. Add a room once it complies. */
const ROOMS = [
  'bench',
  'contract/model',
  'contract/procedures',
  'contract/work',
  'main/answers',
  'main/base',
  'main/checkpoint',
  'main/crc',
  'main/electron',
  'main/endpoint',
  'main/engine',
  'main/evaluation',
  'main/export',
  'main/family',
  'main/graphs',
  'main/jobs',
  'main/measures',
  'main/mergekit',
  'main/readings',
  'main/samples',
  'main/sandbox',
  'main/serve',
  'main/study',
  'main/text',
  'main/work',
  'main/workbench',
  'preload'
]

/** Doc comments are full sentences in the third person; these words would begin a riddle. */
const RIDDLE =
  /^(What|Of|Those|Whoever|Whether|Whose|Whom|Which|Where|From|Over|By|So|Such|Nothing|Nobody|As)\b/
/** Names that do not say what a variable holds. */
const VAGUE =
  /^(?!\s*\*).*\b(?:const|let|readonly|private|function)\s+(found|known|own|asked|kept|told|said|some|rest|held|made|given|shown|heard|of|it)\b/
/** Types are nouns of the domain. */
const PARTICIPLE =
  /^(?:export )?(?:interface|type|class) (Made|Held|Kept|Told|Said|Found|Asked|Shown|Lent|Given|Known|Heard|Left|Taken|Put|Done|Read|Written|Run|Meant|Sent|Chosen|Tried|Spent)(?:Of|Now|Together|By|As)?\b/
const MAX_LINE = 120

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
      ...(text.length > MAX_LINE && !/^\s*\/(?!\/).*\/[a-z]*$/.test(text) ? ['line length'] : [])
    ]
    return rules.map((rule) => ({ line: index + 1, rule, text: text.trim() }))
  })
}

describe('comments and names', () => {
  it.each(ROOMS)('of %s are plain English', (room) => {
    const entries = readdirSync(join(SOURCES, room), { recursive: true, encoding: 'utf8' })
    const files = entries.filter((file) => file.endsWith('.ts')).map((file) => join(room, file))
    expect(files.length).toBeGreaterThan(0)
    const findings = files.flatMap((file) =>
      findingsIn(readFileSync(join(SOURCES, file), 'utf8')).map(
        ({ line, rule, text }) => `${file}:${line}: ${rule}: ${text}`
      )
    )
    expect(findings).toEqual([])
  })

  it('are reported where they are not', () => {
    const source = [
      '/** What a sweep holds. */',
      'interface Held {}',
      'const found = 1',
      '/**',
      ' * Of it.',
      ' */'
    ]
    expect(findingsIn(source.join('\n')).map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '1 doc comment',
      '2 participle type',
      '3 vague name',
      '4 doc comment'
    ])
  })
})
