/** Names a prompt for messages: its number, counted from 1, and its beginning. */
export function promptName(prompt: { text: string }, index: number): string {
  const text = prompt.text.length <= 60 ? prompt.text : `${prompt.text.slice(0, 60)}…`
  return `Prompt ${index + 1} ("${text}")`
}
