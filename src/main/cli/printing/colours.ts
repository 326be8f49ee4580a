import { WriteStream } from 'node:tty'

const terminal = WriteStream.prototype

/**
 * Returns the bits of colour that stdout shows, 1 for none. FORCE_COLOR also applies to pipes. A non-empty NO_COLOR
 * overrides it (https://no-color.org), where Node would print a warning.
 */
export function colourBits(stdout: { isTTY: boolean } = process.stdout, environment = process.env): number {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return 1
  if (!stdout.isTTY && environment.FORCE_COLOR === undefined) return 1
  return terminal.getColorDepth(environment)
}
