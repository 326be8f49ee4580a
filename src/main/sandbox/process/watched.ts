/** Indices into the array that the watchdog's thread shares. */
export const WATCHED = {
  /** Incremented when work begins and when it ends, so that it is odd during work. */
  turn: 0,
  cpuMs: 1,
  wallMs: 2
} as const
