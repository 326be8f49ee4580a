/** What a model wrote without what it thought before, and without white space around it. */
export function withoutThoughts(text: string): string {
  return text.replace(/^\s*<think>[^]*?<\/think>/, '').trim()
}
