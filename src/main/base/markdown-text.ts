/** Escapes text so that Markdown shows it unchanged, on one line. */
export function inlineMarkdown(text: string): string {
  return (
    text
      .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
      .replace(/[\\`*_{}[\]<>#|!~$&]/g, '\\$&')
      // Escapes a list, a rule or an underline of a heading at the beginning of a line.
      .replace(/^(?:[-+=](?=[-=\s]|$)|\d+[.)](?=\s|$))/, (mark) => `${mark.slice(0, -1)}\\${mark.slice(-1)}`)
  )
}

/** Fences text so that it stays unchanged. @param language for highlighting; empty for none */
export function fencedMarkdown(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)))
  return `${fence}${language}\n${text}\n${fence}`
}
