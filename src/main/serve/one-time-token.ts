import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const NONCE_BYTES = 16
const PROOF_BYTES = 32
/** Random enough that nobody guesses it. */
const KEY_BYTES = 32

/** After so many wrong tokens in a minute none is looked at: who types an address needs one. */
const MAX_WRONG = 60
const MINUTE_MS = 60_000

/** What tokens of one run of a server are made with; who has it can let browsers in. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url')
}

/** A token that lets one browser in. Whoever has the key can make them, so that a server need not be asked for one. */
export function mintToken(key: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  return Buffer.concat([nonce, prove(key, 'token', nonce)]).toString('base64url')
}

/** Shows that one has the key without telling it. @param purpose so that a proof for one thing is none for another */
export function prove(key: string, purpose: 'token' | 'running', nonce: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${purpose}:`).update(nonce).digest()
}

/** Compares without telling by its duration how much was right. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The tokens of one run: each opens one session. */
export class OneTimeTokens {
  /** What each spent token was spent on. */
  private readonly spent = new Map<string, string>()
  private wrong = 0
  private wrongSinceMs = -Infinity

  constructor(private readonly key: string) {}

  /**
   * Looks at a token, which is not spent by that.
   *
   * @returns the session it was spent on, null when it is good for one, or why it is refused
   */
  look(token: string, nowMs = performance.now()): { session: string | null } | 'wrong' | 'too-many' {
    if (nowMs - this.wrongSinceMs > MINUTE_MS) {
      this.wrong = 0
      this.wrongSinceMs = nowMs
    }
    if (this.wrong >= MAX_WRONG) return 'too-many'
    const bytes = Buffer.from(token, 'base64url')
    const proof = prove(this.key, 'token', bytes.subarray(0, NONCE_BYTES))
    if (bytes.length === NONCE_BYTES + PROOF_BYTES && isSame(bytes.subarray(NONCE_BYTES), proof)) {
      return { session: this.spent.get(nonceOf(bytes)) ?? null }
    }
    this.wrong += 1
    return 'wrong'
  }

  spend(token: string, session: string): void {
    this.spent.set(nonceOf(Buffer.from(token, 'base64url')), session)
  }
}

/** Not the token's text, which can be written in more than one way. */
function nonceOf(bytes: Buffer): string {
  return bytes.toString('hex', 0, NONCE_BYTES)
}
