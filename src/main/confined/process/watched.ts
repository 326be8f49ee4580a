/** What the thread that ends the process is told, as places in an array that it shares. */
export const WATCHED = {
  /** Counts up when work begins and when it ends: odd while something is worked on. */
  turn: 0,
  cpuMs: 1,
  wallMs: 2
} as const
