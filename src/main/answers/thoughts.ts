/** Removes thoughts at the beginning of a model's text, and surrounding white space. */
export function withoutThoughts(text: string): string {
  return text.replace(/^\s*<think>[^]*?<\/think>/, '').trim()
}
