import { WriteStream } from 'node:tty'

const terminal = WriteStream.prototype

/**
 * How many bits of colour stdout shows, 1 for none: what its terminal has, or what FORCE_COLOR asks for, also of a pipe. NO_COLOR
 * has none, whatever FORCE_COLOR says, unless it is empty (https://no-color.org). Node would decide otherwise, and warn of it.
 */
export function colourBits(stdout: { isTTY: boolean } = process.stdout, environment = process.env): number {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return 1
  if (!stdout.isTTY && environment.FORCE_COLOR === undefined) return 1
  return terminal.getColorDepth(environment)
}
