import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../base/files/atomic-file'
import { readJsonFile } from '../base/files/bounded-file'
import { formatJson } from '../base/files/json-format'
import { configFolder } from '../base/files/places'
import type { InitialProject } from '../workbench/entry'
import { StoredSession } from './sessions'

/**
 * What a server remembers, so that it can be started again under its address with the browsers that it knew, and so that
 * a second start finds the first. For its user's eyes only.
 */
export type ServerRecord = z.infer<typeof ServerRecord>
const ServerRecord = z.strictObject({
  version: z.literal(1),
  port: z.number().int().min(1).max(65_535),
  /** Of the run that wrote this: see one-time-token.ts. */
  key: z.string(),
  sessions: z.array(StoredSession)
})

const MAX_FILE_BYTES = 100_000

/**
 * Where the server of a project, of the demo or of none keeps its record.
 *
 * @param port that was asked for; 0 for any
 * @param only the folder that it keeps to: what a session of another may do is no session of this one's
 */
export function serverFile({ project, demo }: InitialProject, port: number, only: string | null): string {
  const shown = demo ? 'demo' : (project ?? 'start')
  const name = createHash('sha256')
    .update(JSON.stringify(only === null ? [shown, port] : [shown, port, only]))
    .digest('hex')
    .slice(0, 16)
  return join(configFolder(), 'servers', `${name}.json`)
}

/** Null when there is none that can be read: the server then starts afresh. */
export async function readServerRecord(file: string): Promise<ServerRecord | null> {
  try {
    return ServerRecord.parse(await readJsonFile(file, MAX_FILE_BYTES))
  } catch {
    return null
  }
}

/** Where it cannot be written, serving goes on, and what is remembered ends with the program. */
export async function writeServerRecord(file: string, record: ServerRecord): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFileAtomic(file, formatJson(record), 0o600)
  } catch {
    // See above.
  }
}
