import type { Stats } from 'node:fs'
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, parse } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { SweepDocument } from '../../../contract/documents/crc'
import { type DocumentKind, withKind } from '../../../contract/documents/document-kind'
import { freeName } from '../../../contract/model/free-name'
import { inputError, notFoundError, WorkbenchError } from '../../../contract/model/problem'
import { errorCode, requireWritable, writeFileAtomic, writeProblem } from '../../base/files/atomic-file'
import { formatJson } from '../../base/files/json-format'
import { isFolder } from '../../base/files/path-kinds'
import { absolutePath } from '../../base/files/paths'
import { MIN_RESULT_BYTES, requireRoom } from '../../base/files/room'
import { sweepIn } from '../../project/documents/sweep-files'
import { bytes } from '../printing/output'
import { type ReplacedFile, type ResultIdentity, requireReplaceable, type WrittenKind } from './replaced-file'

/** A file that a command will write. */
export interface OutputFile {
  /** Absolute path, without links in its folder. */
  path: string
  exists: boolean
  /** State of the file before the work, to detect later changes by others; null if there was no file. */
  state: FileState | null
}

export interface PairResultFile extends OutputFile {
  /** Models and prompts of the result that is replaced; null without such a result. */
  identity: ResultIdentity | null
}

export const writtenWords = ({ exists, path }: OutputFile): string => `${exists ? 'Replaced' : 'Wrote'} ${path}`

/** Checks before the work whether its result can be written. @param inputs files that it may not replace */
export async function checkOutputFile(
  typed: string,
  kind: WrittenKind,
  inputs: GivenFiles,
  isForced: boolean
): Promise<PairResultFile> {
  const { output, replaced } = await readReplaced(typed, kind, inputs, isForced)
  return { ...output, identity: replaced?.identity ?? null }
}

/** Checks the file of a sweep or a part, as {@link checkOutputFile}. @returns with the existing sweep, or null */
export async function checkSweepFile(
  typed: string,
  kind: 'sweep' | 'sweep-part',
  inputs: GivenFiles,
  isForced: boolean
): Promise<PairResultFile & { sweep: SweepDocument | null }> {
  const { output, replaced } = await readReplaced(typed, kind, inputs, isForced)
  const sweep = replaced === null ? null : await sweepIn(replaced.value, output.path)
  return { ...output, identity: replaced?.identity ?? null, sweep }
}

/** Reads the file once, because a large sweep takes seconds. */
async function readReplaced(
  typed: string,
  kind: WrittenKind,
  inputs: GivenFiles,
  isForced: boolean
): Promise<{ output: OutputFile; replaced: ReplacedFile | null }> {
  const output = await checkWritable(typed)
  refuseToReplace(output, inputs)
  return { output, replaced: output.exists ? await requireReplaceable(output.path, kind, isForced) : null }
}

const NAME_ANOTHER = 'Name a file to write, or use --json to have the result on stdout.'

/** Checks whether a file can be written. Links are refused, for reading and writing. */
export async function checkWritable(typed: string): Promise<OutputFile> {
  const file = absolutePath(typed)
  const folder = dirname(file)
  if (!(await isFolder(folder))) throw notFoundError(`${file} cannot be written: there is no folder ${folder}.`)
  const path = join(await realpath(folder), basename(file))
  const stats = await statsOrNull(path)
  const output = { path, exists: stats !== null, state: stats === null ? null : stateOf(stats) }
  // Replacing a device or a pipe would break it for other programs.
  if (stats !== null && !stats.isFile()) {
    throw inputError(`${file} is ${await kindOf(path, stats)}.`, NAME_ANOTHER)
  }
  await namingPartial(output, async () => {
    await requireWritable(output.path)
    await requireRoom(output.path, MIN_RESULT_BYTES)
  })
  return output
}

/** Files that the command reads, by the names of their options. */
type GivenFiles = Readonly<Record<string, string | undefined>>

function refuseToReplace(output: OutputFile, inputs: GivenFiles): void {
  const [option] =
    Object.entries(inputs).find(([, file]) => file !== undefined && absolutePath(file) === output.path) ?? []
  if (option === undefined) return
  throw inputError(`--out would replace ${output.path}, which --${option} reads.`, 'Name another file with --out.')
}

/** Writes a result completely or not at all. @throws WorkbenchError `read-only`, `not-found` */
export async function writeOutputFile(output: OutputFile, kind: DocumentKind, document: object): Promise<void> {
  await writeOutputText(output, formatJson(withKind(kind, document)))
}

/**
 * Writes a text into a file, whole or not at all. If another program has changed the file since the command began, the
 * text is written to a new file beside it.
 *
 * @throws WrittenBeside for such a text
 */
export async function writeOutputText(output: OutputFile, text: string): Promise<void> {
  const { path, state } = output
  const stats = await stat(path).catch(() => null)
  const now = stats?.isFile() === true ? stateOf(stats) : null
  if (now === null || isDeepStrictEqual(now, state)) {
    await namingPartial(output, () => writeFileAtomic(path, text))
    return
  }
  const { dir, name, ext } = parse(path)
  const takenNames = (await readdir(dir)).map((entry) => parse(entry).name)
  const otherPath = join(dir, freeName(name, takenNames) + ext)
  await namingPartial(output, () => writeFileAtomic(otherPath, text))
  throw new WrittenBeside(path, otherPath)
}

/** Error for a result that was saved in another file than planned. Partial results are then not needed any more. */
export class WrittenBeside extends WorkbenchError {
  constructor(path: string, beside: string) {
    super(
      'stale',
      `${path} was changed by another program meanwhile. This result is in ${beside}.`,
      'Keep the one that you need under that name.'
    )
  }
}

/** Writes a file. An error names the partial results of stopped work, which may take the room on the disk. */
async function namingPartial({ path }: OutputFile, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const partial = `${path}.partial`
    const left = await lstat(partial).catch(() => null)
    if (!(error instanceof WorkbenchError) || left === null) throw error
    const { code, message, hint } = error.problem
    const size = left.isFile() ? ` (${bytes(left.size)})` : ''
    const partialHint = `${partial} has partial results${size}. The same command resumes.`
    throw new WorkbenchError(code, message, hint === undefined ? partialHint : `${hint} ${partialHint}`)
  }
}

interface FileState {
  readonly inode: number
  readonly bytes: number
  readonly modifiedMs: number
}

const stateOf = ({ ino, size, mtimeMs }: Stats): FileState => ({ inode: ino, bytes: size, modifiedMs: mtimeMs })

async function kindOf(path: string, stats: Stats): Promise<string> {
  if (stats.isDirectory()) return 'a folder'
  if (!stats.isSymbolicLink()) return 'not an ordinary file'
  return `not an ordinary file but a link to ${await readlink(path)}; links are refused`
}

/** Returns the state of an entry, of a link itself. */
async function statsOrNull(file: string): Promise<Stats | null> {
  try {
    return await lstat(file)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw writeProblem(file, error)
  }
}
