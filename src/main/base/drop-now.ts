/** Takes whatever is transferred to it, and is closed, so that nobody ever gets it. */
const nowhere = new MessageChannel().port1
nowhere.close()

/**
 * Frees a buffer that nobody reads any more. The garbage collector would let some 64 MB of them pile up first, for it sees small
 * objects and not the memory behind them.
 */
export function dropNow(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) nowhere.postMessage(null, [buffer])
}
