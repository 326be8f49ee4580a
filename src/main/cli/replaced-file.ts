import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { Shard } from '../../contract/documents/sweep-part'
import { WorkbenchError } from '../../contract/model/problem'
import { readJsonFile } from '../base/files/bounded-file'
import { type FoundKind, kindOfFile } from '../base/files/document-kinds'
import { readHead } from '../base/files/file-head'
import { isReportHead } from '../report/report-sign'
import { bytes } from './output'

/** What a command writes with --out, and what it may therefore replace. */
export type WrittenKind = keyof typeof WRITTEN

const WRITTEN = {
  sweep: 'a sweep',
  part: 'a part of a sweep',
  check: 'a check',
  search: 'a search',
  evaluation: 'an evaluation',
  task: 'a task',
  answers: 'answers',
  report: 'a report'
} as const

/** No document of the program is larger. */
const MAX_DOCUMENT_BYTES = 256_000_000
const HINT = 'Name another file with --out, or move that one away.'

/** What kinds of files a model's folder holds, for whoever named one by mistake. */
const OF_MODELS: readonly (readonly [RegExp, string])[] = [
  [/\.safetensors$/, 'weights of a model'],
  [/^(generation_)?config\.json$/, 'the config of a model'],
  [/^tokenizer.*\.json$/, 'the tokenizer of a model']
]

/**
 * A file that is there is replaced only by its own kind, or when it is empty: a slip of the hand must not cost weights or an hour's
 * result.
 *
 * @throws WorkbenchError `bad-input` saying what the file is
 */
export async function requireReplaceable(path: string, kind: WrittenKind): Promise<void> {
  const { size } = await stat(path)
  if (size === 0) return
  const found = await foundIn(path)
  if (found?.kind === kind) return
  const [, model] = OF_MODELS.find(([name]) => name.test(basename(path))) ?? []
  const is = found?.is ?? `${model ?? 'nothing that this program wrote'} (${bytes(size)})`
  throw new WorkbenchError('bad-input', `${path} would be replaced by ${WRITTEN[kind]}, and is ${is}.`, HINT)
}

const Checkpoint = z.looseObject({ path: z.string(), fingerprint: z.string() })

/** What a sweep, or a part of one, says of what it is made of. */
const Made = z.looseObject({
  basePath: Checkpoint,
  postPath: Checkpoint,
  prompts: z.array(z.looseObject({ text: z.string() })),
  shard: Shard.optional()
})

/** Of what a sweep is: fingerprints, prompts, and which part it is of one that is split. */
interface SweepMade {
  base: string
  post: string
  prompts: readonly { text: string }[]
  shard?: Shard | undefined
}

/**
 * A sweep takes the place of one of the same pair that shares a prompt with it, a part that of the same part, and of no other.
 *
 * @throws WorkbenchError `bad-input` saying of what the sweep that is there is
 */
export async function requireOwnSweep(
  { path, exists }: { path: string; exists: boolean },
  { base, post, prompts, shard }: SweepMade
): Promise<void> {
  if (!exists) return
  const { data: made } = Made.safeParse(await readJsonFile(path, MAX_DOCUMENT_BYTES).catch(() => null))
  if (made === undefined) return
  const isPair = made.basePath.fingerprint === base && made.postPath.fingerprint === post
  if (isPair && made.shard !== undefined && !isSameShard(made.shard, shard)) {
    const { index, count } = made.shard
    throw new WorkbenchError(
      'bad-input',
      `${path} would be replaced, and is part ${index} of ${count}.`,
      HINT
    )
  }
  const asked = new Set(prompts.map(({ text }) => text))
  if (isPair && made.prompts.some(({ text }) => asked.has(text))) return
  const of = isPair
    ? 'other prompts, none of which is asked now'
    : `another pair: ${made.basePath.path} and ${made.postPath.path}`
  throw new WorkbenchError('bad-input', `${path} would be replaced by a sweep, and is one of ${of}.`, HINT)
}

const isSameShard = (one: Shard, other: Shard | undefined): boolean =>
  one.index === other?.index && one.count === other.count

/** What a file holds, by how it begins or as a document; null where that is not known. */
async function foundIn(path: string): Promise<FoundKind | { kind: WrittenKind; is: string } | null> {
  const head = await readHead(path)
  if (isReportHead(head)) return { kind: 'report', is: 'a report' }
  // Not more than how the first answer begins: the end of a program may have cut it off.
  if (head.startsWith('{"variant":"')) return { kind: 'answers', is: 'a file of answers' }
  return kindOfFile(path, MAX_DOCUMENT_BYTES)
}
