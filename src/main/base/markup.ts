/** HTML source that is safe to put into a page as it is; everything else is text and gets escaped. */
export class Markup {
  constructor(readonly source: string) {}
}

type Content = Markup | string | number | readonly Content[]

/** A template whose values are escaped unless they are markup themselves; lists are joined. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, index) => part + sourceOf(values[index] ?? '')).join(''))
}

/**
 * Text as HTML shows it, in an element or a quoted attribute. Line breaks are written as references, so that no line of a text
 * begins a line of the file. NUL cannot stand in a page: it becomes the replacement character, as browsers read it.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\n\r\0]/g, (character) => ESCAPES[character] ?? '')
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\0': '\uFFFD'
}

function sourceOf(value: Content): string {
  if (value instanceof Markup) return value.source
  if (typeof value === 'object') return value.map(sourceOf).join('')
  return escapeHtml(String(value))
}
