/** Variables that chat templates always receive, and words of the template language. */
const PREDEFINED = new Set(
  (
    'messages message add_generation_prompt namespace range raise_exception strftime_now bos_token eos_token ' +
    'pad_token unk_token true True false False none None and or not in is if elif else endif for endfor set endset ' +
    'macro endmacro call endcall ' +
    'filter endfilter break continue generation endgeneration loop recursive ignore'
  ).split(' ')
)

/** Lists the possible arguments of a template: variables that it reads and that neither it nor the program sets. */
export function templateVariables(source: string): string[] {
  // The contents of all tags, without the texts in quotes.
  const tags = Array.from(source.matchAll(/\{([{%])[-+]?([\s\S]*?)[-+]?[}%]\}/g), ([, , inside = '']) =>
    inside.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''")
  )
  const defined = new Set(tags.flatMap(definedNames))
  // The template sets a variable that it tests by `is defined` only if the user has not given it.
  for (const inside of tags)
    for (const [, name = ''] of inside.matchAll(/\b([A-Za-z_]\w*)\s+is\s+(?:not\s+)?defined\b/g)) defined.delete(name)
  const read = tags.flatMap((inside) =>
    [...inside.matchAll(/(\|\s*|\.\s*|\bis\s+(?:not\s+)?)?\b([A-Za-z_]\w*)(\s*=(?!=))?/g)].flatMap((match) => {
      // A filter, member or test comes before the name, or the name is of an argument.
      const [, before, name = '', after] = match
      return before === undefined && after === undefined ? [name] : []
    })
  )
  return [...new Set(read)].filter((name) => !PREDEFINED.has(name) && !defined.has(name)).sort()
}

/** Matches the end of the names that a tag defines. A macro's parameters are names too. */
const ENDS_OF_NAMES = new Map([
  ['set', /=/],
  ['for', /\bin\b/]
])

/** Lists the names that a tag defines: variables, loop variables, and macros with their parameters. */
function definedNames(inside: string): string[] {
  const [, keyword, declaration = ''] = /^\s*(set|for|macro)\s+([\s\S]*)$/.exec(inside) ?? []
  if (keyword === undefined) return []
  const end = ENDS_OF_NAMES.get(keyword)
  const names = end === undefined ? declaration : declaration.split(end, 1).join('')
  return names.match(/[A-Za-z_]\w*/g) ?? []
}
