/**
 * Turns the tokens of a growing answer into pieces of text. A piece that was sent cannot change. So text is held back
 * while a later token could change it, and while it may begin a stop text.
 */
export class TextStream {
  private readonly tokens: number[] = []
  /** Index of the first token of the context: earlier tokens that are decoded again with the new ones. */
  private contextStart = 0
  /** Tokens before this index have become text. */
  private decodedCount = 0
  /** Text that may be the beginning of a stop text. */
  private heldBack = ''
  private sent = ''
  private hasStopped = false

  /** @param decode decodes tokens of the model in the same way as a complete answer */
  constructor(
    private readonly decode: (tokens: readonly number[]) => Promise<string>,
    private readonly stopTexts: readonly string[]
  ) {}

  /** Adds tokens. @returns the text that is certain now */
  async add(tokens: readonly number[]): Promise<string> {
    this.tokens.push(...tokens)
    if (this.hasStopped || tokens.length === 0) return ''
    return this.send(await this.newText())
  }

  /** Ends the answer. @param text the complete answer @returns the part of `text` that was not sent */
  end(text: string): string {
    return text.startsWith(this.sent) ? text.slice(this.sent.length) : ''
  }

  /** Decodes the new tokens behind a few earlier ones. An incomplete character at the end waits for its last token. */
  private async newText(): Promise<string> {
    const [context, text] = await Promise.all([
      this.decode(this.tokens.slice(this.contextStart, this.decodedCount)),
      this.decode(this.tokens.slice(this.contextStart))
    ])
    if (text.length <= context.length || text.endsWith('\uFFFD')) return ''
    this.contextStart = this.decodedCount
    this.decodedCount = this.tokens.length
    return text.slice(context.length)
  }

  /** Returns the text to send: up to the first stop text, or up to a possible beginning of one. */
  private send(added: string): string {
    const text = this.heldBack + added
    const starts = this.stopTexts.map((stop) => text.indexOf(stop)).filter((start) => start !== -1)
    this.hasStopped = starts.length > 0
    const end = this.hasStopped ? Math.min(...starts) : text.length - this.uncertainLength(text)
    this.heldBack = text.slice(end)
    this.sent += text.slice(0, end)
    return text.slice(0, end)
  }

  /** Returns the length of the longest end of a text that is the beginning of a stop text. */
  private uncertainLength(text: string): number {
    const lengths = this.stopTexts.map((stop) => {
      let length = Math.min(stop.length - 1, text.length)
      while (length > 0 && !stop.startsWith(text.slice(text.length - length))) length--
      return length
    })
    return Math.max(0, ...lengths)
  }
}
