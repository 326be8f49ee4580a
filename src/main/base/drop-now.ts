/** A closed port, which discards what is transferred to it. */
const nowhere = new MessageChannel().port1
nowhere.close()

/** Frees a buffer that nobody reads any more, which the garbage collector would do only after about 64 MB. */
export function dropNow(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) nowhere.postMessage(null, [buffer])
}
