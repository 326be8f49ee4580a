const MAX_LINES = 40
/** Limit of a line, because a native library may write endlessly without a line break. */
const MAX_LINE_LENGTH = 10_000

/** Keeps the last lines that a process writes to its standard error. */
export class LastLines {
  private readonly lines: string[] = []
  private openLine = ''

  add(text: string): void {
    const parts = (this.openLine + text).split('\n')
    this.openLine = (parts.pop() ?? '').slice(-MAX_LINE_LENGTH)
    this.lines.push(...parts)
    this.lines.splice(0, this.lines.length - MAX_LINES)
  }

  /** The last line that may give the reason of an end; undefined when there is none. */
  get reason(): string | undefined {
    return [...this.lines, this.openLine].findLast(mayGiveReason)?.trimEnd()
  }
}

/** Excludes the stacks, the excerpt and the version that Node prints around an uncaught error and a fatal one. */
function mayGiveReason(line: string): boolean {
  return /^\S/.test(line) && !/^(\}|Node\.js v|node:|file:|\d+: 0x|---|<---|\[\d+:)/.test(line)
}
