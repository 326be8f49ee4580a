/** Reasons for signals whose names are not clear enough. */
const SIGNAL_REASONS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'the system does this when memory runs out',
  SIGSEGV: 'an error in native code'
}

/** Reasons for exit codes, which Windows uses instead of signals. */
const CODE_REASONS: ReadonlyMap<number, string> = new Map([
  [0xe0000008, 'memory ran out'],
  [0xc0000005, 'an error in native code: access violation'],
  [0xc0000409, 'it ended itself'],
  [0xc000013a, 'its console window was closed']
])

/** Completes "the engine process ..." with the exit code or signal that Node reports. */
export function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `was killed by ${signal}${inBrackets(SIGNAL_REASONS[signal])}`
  const reason = code === null ? undefined : CODE_REASONS.get(code)
  return `ended with exit code ${code}${inBrackets(reason)}`
}

function inBrackets(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`
}
