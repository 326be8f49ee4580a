/** Reused memory for short-lived bytes, which grows to the largest request so far. */
export class Scratch {
  private bytes = new Uint8Array()

  /** Gives memory of this size with arbitrary content; earlier results must not be used any more. */
  reserve(byteLength: number): Uint8Array {
    if (this.bytes.byteLength < byteLength) this.bytes = new Uint8Array(byteLength)
    return this.bytes.subarray(0, byteLength)
  }
}
