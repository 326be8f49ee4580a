import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { DEMO_PAIRS } from '../../contract/model/demo-pair'
import { writeFileAtomic } from '../base/files/atomic-file'
import { readJsonFile } from '../base/files/bounded-file'
import { formatJson } from '../base/files/json-format'
import { configFolder } from '../base/files/paths'
import type { InitialProject } from '../workbench/entry'
import { StoredSession } from './sessions'

/** Record of a running server, by which a second start finds it. The record's file is readable by its user only. */
export type ServerRecord = z.infer<typeof ServerRecord>
const ServerRecord = z.strictObject({
  version: z.literal(1),
  port: z.number().int().min(1).max(65_535),
  /** Key of the run that wrote the record; see one-time-token.ts. */
  key: z.string(),
  sessions: z.array(StoredSession)
})

const MAX_FILE_BYTES = 100_000

/** Names the file of a server's record, for a project, the demo or the start page. @param only as in `ServeOptions` */
export function serverFile({ project, demo }: InitialProject, port: number, only: string | null): string {
  const subject = demo === undefined ? (project ?? 'start') : DEMO_PAIRS[demo].word
  const name = createHash('sha256')
    .update(JSON.stringify(only === null ? [subject, port] : [subject, port, only]))
    .digest('hex')
    .slice(0, 16)
  return join(configFolder(), 'servers', `${name}.json`)
}

/** Reads a record; null if it is missing or broken. */
export async function readServerRecord(file: string): Promise<ServerRecord | null> {
  try {
    return ServerRecord.parse(await readJsonFile(file, MAX_FILE_BYTES))
  } catch {
    return null
  }
}

export async function writeServerRecord(file: string, record: ServerRecord): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFileAtomic(file, formatJson(record), 0o600)
  } catch {
    // The server also works without its record. A second start then starts another server.
  }
}
