/** A closed port, which discards buffers that are transferred to it. */
const nowhere = new MessageChannel().port1
nowhere.close()

/** Frees the memory of a buffer that is no longer used. The garbage collector would wait for about 64 MB of garbage. */
export function dropNow(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) nowhere.postMessage(null, [buffer])
}
