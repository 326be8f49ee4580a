import { constants } from 'node:os'

/** What the system says of a process that it ended, where a name alone says too little. */
const OF_SIGNALS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'the system does this when memory runs out',
  SIGTRAP: "Chromium's allocator does this when memory runs out",
  SIGSEGV: 'an error in native code'
}

/** Windows ends processes with codes instead of signals. */
const OF_CODES: ReadonlyMap<number, string> = new Map([
  [0xe0000008, 'memory ran out'],
  [0xc0000005, 'an error in native code: access violation'],
  [0xc0000409, 'it ended itself'],
  [0x80000003, "Chromium's allocator does this when memory runs out"]
])

/** Completes "the engine process ...", of what node tells at its end. */
export function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `was killed by ${signal}${inBrackets(OF_SIGNALS[signal])}`
  const known = code === null ? undefined : OF_CODES.get(code)
  return `ended with exit code ${code}${inBrackets(known)}`
}

/** In what waitpid gives, this bit says that a core was dumped, and those below it are the signal. */
const CORE_DUMPED = 128

/**
 * The same of a utility process of Electron's, which on POSIX tells what waitpid gave (HandleTermination in
 * shell/browser/api/electron_api_utility_process.cc). The engine itself ends with 0, 1 or 2, which are no signals that kill it.
 */
export function howUtilityEnded(code: number, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return howItEnded(code, null)
  const number = code & ~CORE_DUMPED
  const killer = (
    ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const
  ).find((signal) => constants.signals[signal] === number)
  return killer === undefined ? howItEnded(code, null) : howItEnded(null, killer)
}

function inBrackets(said: string | undefined): string {
  return said === undefined ? '' : ` (${said})`
}
