/**
 * Text as a line of Markdown shows it, and nothing else: names come from files, folders and people. Breaks and control
 * characters become spaces.
 */
export function inlineMarkdown(text: string): string {
  return (
    text
      .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
      .replace(/[\\`*_{}[\]<>#|!~$&]/g, '\\$&')
      // A list, a rule or the line below a heading, where it begins a line.
      .replace(/^(?:[-+=](?=[-=\s]|$)|\d+[.)](?=\s|$))/, (mark) => `${mark.slice(0, -1)}\\${mark.slice(-1)}`)
  )
}

/** Text as it is, line by line. @param language of its highlighting; empty for none */
export function fencedMarkdown(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)))
  return `${fence}${language}\n${text}\n${fence}`
}
