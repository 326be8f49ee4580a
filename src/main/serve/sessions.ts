import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { equalInConstantTime } from '../base/http-requests'

/** Stored data of an admitted browser: enough to recognise it, but not enough to impersonate it. */
export type StoredSession = z.infer<typeof StoredSession>
export const StoredSession = z.strictObject({
  /** Part of the addresses of the session's page. */
  id: z.string(),
  /** SHA-256 of the session's secret, in hex. The secret is the browser's cookie. */
  secretHash: z.string(),
  openedAt: z.iso.datetime()
})

const ID_BYTES = 16
const SECRET_BYTES = 32

/** Most sessions, more than the browsers of one user; the oldest is dropped first. */
const MAX_SESSIONS = 64
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000

/** The browsers that a server has admitted. */
export class Sessions {
  private sessions: StoredSession[]

  /** @param earlier sessions of the server's earlier runs */
  constructor(earlier: readonly StoredSession[]) {
    const nowMs = Date.now()
    this.sessions = earlier.filter(({ openedAt }) => nowMs - Date.parse(openedAt) < MAX_AGE_MS)
  }

  get stored(): readonly StoredSession[] {
    return this.sessions
  }

  open(): { id: string; secret: string } {
    const id = randomBytes(ID_BYTES).toString('base64url')
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    const session = { id, secretHash: hashOf(secret).toString('hex'), openedAt: new Date().toISOString() }
    this.sessions = [...this.sessions, session].slice(-MAX_SESSIONS)
    return { id, secret }
  }

  /** Reports whether a session has this id, whoever asks. */
  knows(id: string): boolean {
    return this.sessions.some((session) => session.id === id)
  }

  /** Reports whether the secret belongs to the session. */
  accepts(id: string, secret: string): boolean {
    const session = this.sessions.find((known) => known.id === id)
    return session !== undefined && equalInConstantTime(Buffer.from(session.secretHash, 'hex'), hashOf(secret))
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
