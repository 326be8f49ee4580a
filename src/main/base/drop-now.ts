/** A closed port, which discards what is transferred to it. */
const nowhere = new MessageChannel().port1
nowhere.close()

/**
 * Frees a buffer that nobody reads any more. The garbage collector sees only small objects, not the memory
 * behind them, and would let about 64 MB accumulate first.
 */
export function dropNow(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) nowhere.postMessage(null, [buffer])
}
