/** HTML source that needs no escaping, unlike strings. */
export class Markup {
  constructor(readonly source: string) {}
}

type Content = Markup | string | number | readonly Content[]

/** Builds HTML from a template, as in markup`<p>${text}</p>`. Values are escaped unless they are markup themselves. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, index) => part + sourceOf(values[index] ?? '')).join(''))
}

/** Escapes text for HTML. Line breaks become references, and NUL the replacement character. */
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
