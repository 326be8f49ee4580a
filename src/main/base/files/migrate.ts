import { constants, copyFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { describeIssue, fileError, requireValid, WorkbenchError } from '../../../contract/model/problem'
import { type DocumentKind, withKind } from '../../../contract/documents/document-kind'
import { readJsonFile } from './bounded-file'
import { writeFileAtomic, writeProblem } from './atomic-file'
import { formatJson } from './json-format'
import { requirePlainFile } from './plain-paths'
import { parseInPieces } from './schema-pieces'

/** Converts a document of one version to the next; the schema checks the result of the last step. */
export type Migration = (document: Record<string, unknown>) => Record<string, unknown>

/** A kind of stored JSON document with a `schemaVersion`. */
export interface DocumentFormat<T> {
  kind: DocumentKind
  /** Name in messages, without an article. */
  name: string
  schema: z.ZodType<T>
  version: number
  /** Conversions to the next version, by the version that they convert. */
  migrations: Readonly<Record<number, Migration>>
  maxBytes: number
}

const Versioned = z.looseObject({ schemaVersion: z.number().int().min(1) })

/** Reads a document in the current version. @throws WorkbenchError `not-found`, `newer-version`, `bad-file` */
export async function readDocument<T>(
  file: string,
  format: DocumentFormat<T>
): Promise<{ document: T; foundVersion: number }> {
  await requirePlainFile(file)
  return parseDocument(await readJsonFile(file, format.maxBytes), file, format)
}

/** Converts a value that was read from a file. @throws WorkbenchError as {@link readDocument} */
export async function parseDocument<T>(
  value: unknown,
  file: string,
  format: DocumentFormat<T>,
  signal?: AbortSignal
): Promise<{ document: T; foundVersion: number }> {
  const versioned = Versioned.safeParse(value)
  if (!versioned.success) throw notOfFormat(file, format.name, unversionedWords(value, versioned.error))
  const foundVersion = versioned.data.schemaVersion
  if (foundVersion > format.version) {
    throw new WorkbenchError(
      'newer-version',
      `${file} is a ${format.name} of version ${foundVersion}; this program reads versions up to ${format.version}.`,
      'Open it with a newer SLR Workbench. Nothing was changed.'
    )
  }
  let current: Record<string, unknown> = versioned.data
  for (let version = foundVersion; version < format.version; version++) {
    const migration = format.migrations[version]
    if (migration === undefined) {
      throw fileError(`${file} is a ${format.name} of version ${version}, which no release wrote.`)
    }
    current = { ...migration(current), schemaVersion: version + 1 }
  }
  const parsed = await parseInPieces(format.schema, current, signal)
  return { document: requireValid(parsed, (issue) => notOfFormat(file, format.name, issue)), foundVersion }
}

/**
 * Reads a document. A file of an older version is replaced, with a backup beside it.
 * @returns also the backup's file name; null for a file of the current version
 */
export async function migrateFile<T>(
  file: string,
  format: DocumentFormat<T>
): Promise<{ document: T; backup: string | null }> {
  const { document, foundVersion } = await readDocument(file, format)
  if (foundVersion === format.version) return { document, backup: null }
  const stamp = new Date().toISOString().replaceAll(':', '-')
  const backup = `${file}.version-${foundVersion}.${stamp}.bak`
  try {
    await copyFile(file, backup, constants.COPYFILE_EXCL)
  } catch (error) {
    throw writeProblem(backup, error)
  }
  await writeFileAtomic(file, formatJson(withKind(format.kind, document)))
  return { document, backup: basename(backup) }
}

/** Says why a value has no usable version: it is another JSON object, or `error` of the schema. */
export function unversionedWords(value: unknown, error: z.ZodError): string {
  const object = z.record(z.string(), z.unknown()).safeParse(value)
  if (!object.success || 'schemaVersion' in object.data) return describeIssue(error)
  const names = Object.keys(object.data)
  if (names.length === 0) return 'it is an empty JSON object'
  const quotedNames = names.slice(0, 4).map((name) => JSON.stringify(name.slice(0, 40)))
  const more = names.length > 4 ? ', ...' : ''
  return `it is another JSON object, with ${quotedNames.join(', ')}${more} and no "schemaVersion"`
}

function notOfFormat(file: string, name: string, reason: string): WorkbenchError {
  return fileError(`${file} is not ${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}: ${reason}`)
}
