/** What templates are always given, and what their language has of its own. */
const GIVEN = new Set(
  (
    'messages message add_generation_prompt namespace range raise_exception strftime_now bos_token eos_token pad_token unk_token ' +
    'true True false False none None and or not in is if elif else endif for endfor set endset macro endmacro call endcall ' +
    'filter endfilter break continue generation endgeneration loop recursive ignore'
  ).split(' ')
)

/**
 * The variables that a chat template reads and that neither the program nor itself sets: those that a template argument can give. Found by
 * its words, without running it: one that is named in no place where it would be read may stand among them, none is missing.
 *
 * @param source of a template, which is anyone's
 */
export function templateVariables(source: string): string[] {
  const code = Array.from(source.matchAll(/\{([{%])[-+]?([\s\S]*?)[-+]?[}%]\}/g), ([, , inside = '']) =>
    inside.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''")
  )
  const own = new Set(code.flatMap(namesSet))
  // Those it sets only where they are not given.
  for (const inside of code)
    for (const [, name = ''] of inside.matchAll(/\b([A-Za-z_]\w*)\s+is\s+(?:not\s+)?defined\b/g))
      own.delete(name)
  const read = code.flatMap((inside) =>
    Array.from(inside.matchAll(/(\|\s*|\.\s*|\bis\s+(?:not\s+)?)?\b([A-Za-z_]\w*)(\s*=(?!=))?/g), (found) => {
      const [, before, name = '', after] = found
      return before === undefined && after === undefined ? name : ''
    })
  )
  return [...new Set(read)].filter((name) => name !== '' && !GIVEN.has(name) && !own.has(name)).sort()
}

/** What a tag sets: variables, those of loops, and macros with their parameters. */
function namesSet(inside: string): string[] {
  const [, keyword, rest = ''] = /^\s*(set|for|macro)\s+([\s\S]*)$/.exec(inside) ?? []
  if (keyword === undefined) return []
  const declared = keyword === 'set' ? rest.split('=')[0] : keyword === 'for' ? rest.split(/\bin\b/)[0] : rest
  return declared?.match(/[A-Za-z_]\w*/g) ?? []
}
