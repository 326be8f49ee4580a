import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKSUMS_VERSION, ChecksumsDocument } from '../../contract/checksums'
import { DISTANCES_VERSION, DistancesDocument } from '../../contract/distances'
import type { CheckpointIdentity } from '../../contract/pair'
import { WorkbenchError } from '../../contract/problem'
import { writeFileAtomic } from '../base/files/atomic-file'
import { formatJson } from '../base/files/json-format'
import { type DocumentFormat, readDocument } from '../base/files/migrate'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder } from '../base/files/plain-paths'

/**
 * What was found out by reading whole checkpoints: kept in the project by the checkpoints' fingerprints, so that it is
 * found again for as long as they are the same, wherever they lie. All of it can be computed again.
 */
interface ReadingFormat<T> extends DocumentFormat<T> {
  folder: string
  /** Of which checkpoints it tells, in hexadecimal. */
  keys: (document: T) => readonly string[]
}

const DISTANCES: ReadingFormat<DistancesDocument> = {
  name: 'list of layer distances',
  folder: 'distances',
  schema: DistancesDocument,
  version: DISTANCES_VERSION,
  migrations: {},
  // 126 layers of 18 components take 1 MB.
  maxBytes: 20_000_000,
  keys: ({ basePath, postPath }) => [basePath.fingerprint, postPath.fingerprint]
}

const CHECKSUMS: ReadingFormat<ChecksumsDocument> = {
  name: 'list of checksums',
  folder: 'checksums',
  schema: ChecksumsDocument,
  version: CHECKSUMS_VERSION,
  migrations: {},
  maxBytes: 20_000_000,
  keys: checkpointKeys
}

/** The distances of exactly these checkpoints; null when they are not stored, or not readable any more. */
export async function readDistances(
  folder: string,
  base: string,
  post: string
): Promise<DistancesDocument | null> {
  return readReading(folder, DISTANCES, [base, post])
}

/** The distances stored last, of whatever checkpoints; null when there are none that can be read. */
export async function readNewestDistances(folder: string): Promise<DistancesDocument | null> {
  let newest: DistancesDocument | null = null
  for (const file of await readingFiles(folder, DISTANCES)) {
    const document = await readOrNull(file, DISTANCES)
    if (document === null) continue
    if (newest === null || Date.parse(document.createdAt) > Date.parse(newest.createdAt)) newest = document
  }
  return newest
}

/** @throws WorkbenchError `read-only`, `bad-file` */
export async function writeDistances(folder: string, document: DistancesDocument): Promise<void> {
  await writeReading(folder, DISTANCES, document)
}

/** The checksums of exactly these files; null when they are not stored, or not readable any more. */
export async function readChecksums(
  folder: string,
  checkpoint: CheckpointIdentity
): Promise<ChecksumsDocument | null> {
  return readReading(folder, CHECKSUMS, checkpointKeys(checkpoint))
}

/** @throws WorkbenchError `read-only`, `bad-file` */
export async function writeChecksums(folder: string, document: ChecksumsDocument): Promise<void> {
  await writeReading(folder, CHECKSUMS, document)
}

async function readReading<T>(
  folder: string,
  format: ReadingFormat<T>,
  keys: readonly string[]
): Promise<T | null> {
  const document = await readOrNull(readingFile(folder, format, keys), format)
  // The name holds the keys' beginnings only.
  if (document === null || format.keys(document).join() !== keys.join()) return null
  return document
}

async function writeReading<T>(folder: string, format: ReadingFormat<T>, document: T): Promise<void> {
  await ensurePlainFolder(join(folder, format.folder))
  await writeFileAtomic(readingFile(folder, format, format.keys(document)), formatJson(document))
}

/** A fingerprint samples the weights, a checksum covers them all: files that were written since need a new one. */
function checkpointKeys({ fingerprint, files }: CheckpointIdentity): string[] {
  const states = files.map(({ name, bytes, modifiedMs }) => [name, bytes, modifiedMs])
  return [fingerprint, createHash('sha256').update(JSON.stringify(states)).digest('hex')]
}

/** One that is broken, a link or of a newer program is as good as none: it is computed again. */
async function readOrNull<T>(file: string, format: ReadingFormat<T>): Promise<T | null> {
  try {
    if (!(await hasPlainFile(file))) return null
    return (await readDocument(file, format)).document
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}

async function readingFiles(folder: string, format: { folder: string }): Promise<string[]> {
  const inner = join(folder, format.folder)
  try {
    if (!(await hasPlainFolder(inner))) return []
    const names = await readdir(inner)
    return names.filter((name) => /^[^.].*\.json$/.test(name)).map((name) => join(inner, name))
  } catch {
    return []
  }
}

function readingFile(folder: string, format: { folder: string }, keys: readonly string[]): string {
  return join(folder, format.folder, `${keys.map((text) => text.slice(0, 16)).join('-')}.json`)
}
