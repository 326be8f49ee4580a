import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { isSame } from './one-time-token'

/** What is kept of a browser that was let in: enough to know it again, not enough to be taken for it. */
export type StoredSession = z.infer<typeof StoredSession>
export const StoredSession = z.strictObject({
  /** Stands in the addresses of the session's page. */
  id: z.string(),
  /** SHA-256 of its secret, in hex. */
  secretHash: z.string(),
  openedAt: z.iso.datetime()
})

const ID_BYTES = 16
const SECRET_BYTES = 32

/** More browsers than one user has; the oldest is forgotten for the next. */
const MAX_SESSIONS = 64
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000

/** The browsers that have been let in. */
export class Sessions {
  private known: StoredSession[]

  /** @param earlier of the server's runs before this one */
  constructor(earlier: readonly StoredSession[], nowMs = Date.now()) {
    this.known = earlier.filter(({ openedAt }) => nowMs - Date.parse(openedAt) < MAX_AGE_MS)
  }

  get stored(): readonly StoredSession[] {
    return this.known
  }

  /** Lets a browser in. Its secret is told here and nowhere else. */
  open(): { id: string; secret: string } {
    const id = randomBytes(ID_BYTES).toString('base64url')
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    const session = { id, secretHash: hashOf(secret).toString('hex'), openedAt: new Date().toISOString() }
    this.known = [...this.known, session].slice(-MAX_SESSIONS)
    return { id, secret }
  }

  knows(id: string): boolean {
    return this.known.some((session) => session.id === id)
  }

  /** Whether the secret is that of the session. */
  accepts(id: string, secret: string): boolean {
    const session = this.known.find((known) => known.id === id)
    return session !== undefined && isSame(Buffer.from(session.secretHash, 'hex'), hashOf(secret))
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
