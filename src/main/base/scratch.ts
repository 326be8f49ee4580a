/**
 * Memory for bytes that are soon done with, used again and again: as large as was needed at most so far, for where that is little,
 * memory for the most that could be needed would have the garbage collector run for every few that hold it.
 */
export class Scratch {
  private bytes = new Uint8Array()

  /** So many bytes, whatever they hold; what was lent before is not to be used any more. */
  take(byteLength: number): Uint8Array {
    if (this.bytes.byteLength < byteLength) this.bytes = new Uint8Array(byteLength)
    return this.bytes.subarray(0, byteLength)
  }
}
