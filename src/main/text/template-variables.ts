/** Variables that templates always receive, and words of their language. */
const PREDEFINED = new Set(
  (
    'messages message add_generation_prompt namespace range raise_exception strftime_now bos_token eos_token ' +
    'pad_token unk_token true True false False none None and or not in is if elif else endif for endfor set endset ' +
    'macro endmacro call endcall ' +
    'filter endfilter break continue generation endgeneration loop recursive ignore'
  ).split(' ')
)

/**
 * Lists the possible arguments of a template: variables that neither the program nor the template sets, by scanning
 * it.
 */
export function templateVariables(source: string): string[] {
  const code = Array.from(source.matchAll(/\{([{%])[-+]?([\s\S]*?)[-+]?[}%]\}/g), ([, , inside = '']) =>
    inside.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''")
  )
  const defined = new Set(code.flatMap(namesSet))
  // Variables that the template sets only if they are not given.
  for (const inside of code)
    for (const [, name = ''] of inside.matchAll(/\b([A-Za-z_]\w*)\s+is\s+(?:not\s+)?defined\b/g)) defined.delete(name)
  const read = code.flatMap((inside) =>
    Array.from(inside.matchAll(/(\|\s*|\.\s*|\bis\s+(?:not\s+)?)?\b([A-Za-z_]\w*)(\s*=(?!=))?/g), (match) => {
      const [, before, name = '', after] = match
      return before === undefined && after === undefined ? name : ''
    })
  )
  return [...new Set(read)].filter((name) => name !== '' && !PREDEFINED.has(name) && !defined.has(name)).sort()
}

/** Lists the names that a tag defines: variables, loop variables, and macros with their parameters. */
function namesSet(inside: string): string[] {
  const [, keyword, declaration = ''] = /^\s*(set|for|macro)\s+([\s\S]*)$/.exec(inside) ?? []
  if (keyword === undefined) return []
  const declared =
    keyword === 'set' ? declaration.split('=')[0] : keyword === 'for' ? declaration.split(/\bin\b/)[0] : declaration
  return declared?.match(/[A-Za-z_]\w*/g) ?? []
}
