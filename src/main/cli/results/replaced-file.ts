import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { Shard } from '../../../contract/documents/sweep-part'
import { type CheckpointReference, PairReferences } from '../../../contract/model/checkpoint'
import { inputError } from '../../../contract/model/problem'
import { readJsonFile } from '../../base/files/bounded-file'
import { DOCUMENT_NAMES, type DocumentKind } from '../../../contract/documents/document-kind'
import { kindOfDocument } from '../../base/files/document-kinds'
import { readHead } from '../../base/files/file-head'
import { isReportHead } from '../../report/report-sign'
import { bytes } from '../printing/output'
import { TABLE_HEADS } from './tables'
import { openPair } from '../../checkpoint/pair'
import type { CrcSweepRequest } from '../../crc/sweep/prepare-sweep'

export type WrittenKind = DocumentKind | keyof typeof TEXT_FILES

/** Files that are no JSON documents. */
const TEXT_FILES = { answers: 'answers', page: 'a report', table: 'a table' } as const

const WRITTEN: Readonly<Record<WrittenKind, string>> = { ...DOCUMENT_NAMES, ...TEXT_FILES }

const MAX_DOCUMENT_BYTES = 256_000_000
const HINT = 'Name another file, or replace this one with --force.'

/** Files of a model's folder that may be named by mistake. */
const OF_MODELS: readonly (readonly [RegExp, string])[] = [
  [/\.safetensors$/, 'weights of a model'],
  [/^(generation_)?config\.json$/, 'the config of a model'],
  [/^tokenizer.*\.json$/, 'the tokenizer of a model']
]

/** Identifies the pair, prompts and shard that a result was computed from. */
const ResultIdentity = z.object({
  ...PairReferences.shape,
  prompts: z.array(z.object({ text: z.string() })).optional(),
  shard: Shard.optional()
})
export type ResultIdentity = z.infer<typeof ResultIdentity>

/** Identity of a stored result. In an evaluation it is a field of the run. */
const IdentityOfResult = z.union([ResultIdentity, z.object({ run: ResultIdentity }).transform(({ run }) => run)])

/** An existing file that a result will replace. */
export interface ReplacedFile {
  readonly identity: ResultIdentity | null
  /** JSON value; undefined for other files. */
  readonly value: unknown
}

/** Refuses to replace a file of another kind, unless it is empty or --force is given. */
export async function requireReplaceable(path: string, kind: WrittenKind, isForced: boolean): Promise<ReplacedFile> {
  const { size } = await stat(path)
  if (size === 0 || isForced) return { identity: null, value: undefined }
  const { found: recognised, value } = await recogniseFile(path)
  if (recognised?.kind === kind) return { identity: IdentityOfResult.safeParse(value).data ?? null, value }
  const [, model] = OF_MODELS.find(([name]) => name.test(basename(path))) ?? []
  const is = recognised?.is ?? `${model ?? 'nothing that this program wrote'} (${bytes(size)})`
  throw inputError(`${path} cannot be replaced by ${WRITTEN[kind]}: it is ${is}.`, HINT)
}

interface NewResult {
  basePath: Pick<CheckpointReference, 'fingerprint'>
  postPath: Pick<CheckpointReference, 'fingerprint'>
  prompts?: readonly { text: string }[]
  shard?: Shard | undefined
}

/** Refuses to replace a result of another pair, a sweep without a shared prompt, and a different part. */
export function requireSameIdentity(
  { path, identity }: { path: string; identity: ResultIdentity | null },
  kind: WrittenKind,
  now: NewResult
): void {
  if (identity === null) return
  const replaced = `${path} cannot be replaced by ${WRITTEN[kind]}: it is`
  const { basePath, postPath } = identity
  if (basePath.fingerprint !== now.basePath.fingerprint || postPath.fingerprint !== now.postPath.fingerprint) {
    const otherPair = `one of another pair: ${basePath.path} and ${postPath.path}`
    throw inputError(`${replaced} ${otherPair}.`, HINT)
  }
  if (identity.shard !== undefined && !isSameShard(identity.shard, now.shard)) {
    const { index, count } = identity.shard
    throw inputError(`${replaced} part ${index} of ${count}.`, HINT)
  }
  if (now.prompts === undefined || identity.prompts === undefined) return
  const promptTexts = new Set(now.prompts.map(({ text }) => text))
  if (identity.prompts.some(({ text }) => promptTexts.has(text))) return
  throw inputError(`${replaced} one of other prompts.`, HINT)
}

const isSameShard = (one: Shard, other: Shard | undefined): boolean =>
  one.index === other?.index && one.count === other.count

async function recogniseFile(
  path: string
): Promise<{ found: { kind: WrittenKind; is: string } | null; value?: unknown }> {
  const head = await readHead(path)
  if (isReportHead(head)) return { found: { kind: 'page', is: 'a report' } }
  if (TABLE_HEADS.some((start) => head.startsWith(start))) return { found: { kind: 'table', is: 'a table' } }
  // Only the beginning of the file was read, so the first answer may be incomplete.
  if (head.startsWith('{"variant":"')) return { found: { kind: 'answers', is: 'a file of answers' } }
  const value = await readJsonFile(path, MAX_DOCUMENT_BYTES).catch(() => null)
  return { found: kindOfDocument(value), value }
}

/** Refuses to replace the file of a sweep of other models or prompts, or of another part. */
export async function requireSameSweep(
  output: Parameters<typeof requireSameIdentity>[0],
  kind: 'sweep' | 'sweep-part',
  { base, post, prompts }: CrcSweepRequest,
  shard?: Shard
): Promise<void> {
  const pair = await openPair(base, post)
  requireSameIdentity(output, kind, {
    basePath: pair.base.checkpoint,
    postPath: pair.post.checkpoint,
    prompts: Array.isArray(prompts) ? prompts : prompts.task.prompts,
    shard
  })
}
