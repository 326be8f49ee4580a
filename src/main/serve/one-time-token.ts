import { createHmac, randomBytes } from 'node:crypto'
import { equalInConstantTime } from '../base/http-requests'

const NONCE_BYTES = 16
const PROOF_BYTES = 32
/** Size of the key, which cannot be guessed. */
const KEY_BYTES = 32

/** Wrong tokens per minute after which no further token is checked. A user who mistypes an address has few. */
const MAX_WRONG = 60
const MINUTE_MS = 60_000

/** Creates the secret key of a server's run. Its owner can create tokens, which admit browsers. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url')
}

/** Creates a token that admits one browser. Every owner of the key can create tokens without the server. */
export function mintToken(key: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  return Buffer.concat([nonce, prove(key, 'token', nonce)]).toString('base64url')
}

/** Proves knowledge of the key without revealing it. @param purpose separates proofs for different uses */
export function prove(key: string, purpose: 'token' | 'running', nonce: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${purpose}:`).update(nonce).digest()
}

/** Checks the tokens of one run of a server. Each token opens one session. */
export class OneTimeTokens {
  /** Session of each used token. */
  private readonly sessionOf = new Map<string, string>()
  private wrong = 0
  private wrongSinceMs = -Infinity

  constructor(private readonly key: string) {}

  /** Checks a token. @returns the session it was used for, null if it is unused, or the reason for its refusal */
  check(token: string, nowMs = performance.now()): { session: string | null } | 'wrong' | 'too-many' {
    if (nowMs - this.wrongSinceMs > MINUTE_MS) {
      this.wrong = 0
      this.wrongSinceMs = nowMs
    }
    if (this.wrong >= MAX_WRONG) return 'too-many'
    const bytes = Buffer.from(token, 'base64url')
    const proof = prove(this.key, 'token', bytes.subarray(0, NONCE_BYTES))
    if (bytes.length === NONCE_BYTES + PROOF_BYTES && equalInConstantTime(bytes.subarray(NONCE_BYTES), proof)) {
      return { session: this.sessionOf.get(nonceOf(bytes)) ?? null }
    }
    this.wrong += 1
    return 'wrong'
  }

  /** Records the session that a token has opened. */
  use(token: string, session: string): void {
    this.sessionOf.set(nonceOf(Buffer.from(token, 'base64url')), session)
  }
}

function nonceOf(bytes: Buffer): string {
  return bytes.toString('hex', 0, NONCE_BYTES)
}
