/**
 * Reused memory for short-lived bytes. It grows to the largest request so far, because memory for the largest
 * possible request would make the garbage collector run after few instances.
 */
export class Scratch {
  private bytes = new Uint8Array()

  /** Gives memory of this size with arbitrary content; earlier results must not be used any more. */
  take(byteLength: number): Uint8Array {
    if (this.bytes.byteLength < byteLength) this.bytes = new Uint8Array(byteLength)
    return this.bytes.subarray(0, byteLength)
  }
}
