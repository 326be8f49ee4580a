import type { ModelFinding } from '../../contract/words/model-finding'
import { join } from 'node:path'
import { version } from '../../../package.json'
import type { ExportProgress, ExportResult, NextStep } from '../../contract/procedures/export'
import type { NonFiniteTensor } from '../../contract/documents/non-finite'
import { mapGet } from '../../contract/model/look-up'
import { sourcesOf } from '../../contract/model/strengths'
import { ADAPTER_CONFIG } from '../checkpoint/adapter-config'
import { formatPercent } from '../../contract/words/format'
import type { StoredDtype } from '../checkpoint/dtype'
import { sha256OfFile } from '../checkpoint/file-sha256'
import { membersOf } from '../checkpoint/pair-member'
import { openWeightFile } from '../checkpoint/weight-file'
import { progressRate } from '../base/progress-rate'
import { ByteCopier, writeExactly } from './byte-copy'
import { type CopiedFile, MERGEKIT_FILE, MODEL_CARD } from './copied-files'
import { type CardParent, modelCard, readLicence } from './model-card'
import { adapterSteps, nextSteps, removalCommand } from './next-steps'
import { checkTarget, exportBytes, type PreparedExport, tensorCounts } from './prepare'
import { SourceFiles } from './source-files'
import { Staging } from './staging'
import { refuseExisting } from './target'
import { verifyCopy, verifyWeights } from './verify-weights'
import { writeFlushed, writeWeights } from './write-weights'
import { type WrittenLowRank, verifyLowRank, writeLowRankFile } from './write-low-rank'
import { throwIfCancelled } from '../base/files/cancelling'

export interface ExportRequest {
  readonly prepared: PreparedExport
  /** Path of the folder as the user typed it. */
  readonly target: string
  readonly overwrite: boolean
  /** Findings for the model card. */
  readonly findings: readonly ModelFinding[]
  /** Warning of lost safety training, for the model card. */
  readonly safety: string
}

/**
 * Writes a restored model beside the target, flushes it, compares it with its sources and renames the folder. An
 * export that ends early leaves nothing; `Staging` describes the remains of a killed one.
 */
export async function runExport(
  { prepared, target: typed, overwrite, findings, safety }: ExportRequest,
  signal: AbortSignal,
  onProgress: (progress: ExportProgress) => void
): Promise<ExportResult> {
  const { pair, weights, copied, recipe, strengths, mergekit } = prepared
  const requested = await checkTarget(prepared, typed)
  refuseExisting(requested, overwrite)
  const licence = await readLicence(pair.post)
  const meter = new Meter(prepared, signal, onProgress)
  const staging = await Staging.open(requested.path)
  const sources = new SourceFiles(pair)
  try {
    // Checked again under the lock, because cleaning up may have restored a folder of a killed export.
    const target = await checkTarget(prepared, requested.path)
    refuseExisting(target, overwrite)
    const lowRank = await writeFiles(prepared, staging.path, sources, meter)
    const nonFinite = await verifyFiles(prepared, staging.path, sources, { meter, lowRank })
    const notes = [...(lowRank === null ? [] : [normShareNote(lowRank)]), ...prepared.notes]
    meter.phase('hashing')
    const parents = await hashParents(prepared, meter)
    await sources.refuseAnyChanged()
    meter.phase('finishing')
    const mergekitProblem = mergekit.problem
    const card = modelCard({
      recipe,
      strengths,
      parents,
      findings,
      safety,
      mergekitProblem,
      form: prepared.form,
      notes,
      nonFinite,
      licence,
      version
    })
    const texts = await writeTexts(staging.path, prepared, card)
    meter.throwIfCancelled()
    const replacedFolder = await staging.commit(target.exists)
    const files = [...[...weights, ...copied].map(({ name, bytes }) => ({ name, bytes })), ...texts]
    return {
      path: target.path,
      recipe: recipe.name,
      replaced: replacedFolder === null ? null : { keptAs: replacedFolder, removal: removalCommand(replacedFolder) },
      files,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      tensors: tensorCounts(prepared),
      mergekitProblem,
      notes,
      nonFinite,
      seconds: meter.seconds,
      nextSteps: stepsOf(prepared, target.path)
    }
  } finally {
    await sources.close()
    await staging.close()
  }
}

/** Writes the weights, and copies the other files of post's folder. @returns the file of a low-rank adapter */
async function writeFiles(
  prepared: PreparedExport,
  folder: string,
  sources: SourceFiles,
  meter: Meter
): Promise<WrittenLowRank | null> {
  const { weights, copied, form } = prepared
  let lowRank: WrittenLowRank | null = null
  meter.phase('writing')
  for (const file of weights) {
    meter.file(file.name)
    const path = join(folder, file.name)
    if (form.kind === 'low-rank') lowRank = await writeLowRankFile(prepared, form, path, meter)
    else await writeWeights(file, path, sources, meter.advance)
  }
  for (const file of copied) {
    meter.file(file.name)
    await copyFile(file, join(folder, file.name), meter)
  }
  return lowRank
}

/** Compares the written files with their sources. @returns tensors that hold NaN or infinity */
async function verifyFiles(
  { weights, copied }: PreparedExport,
  folder: string,
  sources: SourceFiles,
  { meter, lowRank }: { meter: Meter; lowRank: WrittenLowRank | null }
): Promise<NonFiniteTensor[]> {
  meter.phase('verifying')
  const nonFinite: NonFiniteTensor[] = []
  try {
    for (const file of weights) {
      meter.file(file.name)
      if (lowRank !== null) await verifyLowRank(file, lowRank, meter)
      else nonFinite.push(...(await verifyWeights(file, join(folder, file.name), sources, meter.advance)))
    }
  } catch (error) {
    // A difference to a source that has changed is no fault of the disk.
    await sources.refuseAnyChanged()
    throw error
  }
  for (const file of copied) {
    meter.file(file.name)
    await verifyCopy(file, join(folder, file.name), meter.advance)
  }
  return nonFinite
}

/** Writes the model card, the mergekit file if mergekit can make the model, and the settings of an adapter. */
async function writeTexts(
  folder: string,
  { mergekit, adapterConfig }: PreparedExport,
  card: string
): Promise<{ name: string; bytes: number }[]> {
  const texts = [
    { name: MODEL_CARD, text: card },
    ...(mergekit.text === null ? [] : [{ name: MERGEKIT_FILE, text: mergekit.text }]),
    ...(adapterConfig === null ? [] : [{ name: ADAPTER_CONFIG, text: adapterConfig }])
  ].map(({ name, text }) => ({ name, content: Buffer.from(text) }))
  for (const { name, content } of texts) {
    await writeFlushed(join(folder, name), (file) => writeExactly(file, content, 0))
  }
  return texts.map(({ name, content }) => ({ name, bytes: content.byteLength }))
}

async function copyFile({ path, bytes }: CopiedFile, to: string, meter: Meter): Promise<void> {
  const handle = await openWeightFile(path)
  try {
    await writeFlushed(to, (target) => new ByteCopier().copy({ handle, path }, 0, target, 0, bytes, meter.advance))
  } finally {
    await handle.close()
  }
}

/** Computes the checksums of the weight files of all models that the export was made from. */
async function hashParents(prepared: PreparedExport, meter: Meter): Promise<CardParent[]> {
  const parents: CardParent[] = []
  for (const { role, member, name } of parentsOf(prepared)) {
    const sha256 = new Map<string, string>()
    for (const file of member.checkpoint.files) {
      meter.file(`${name}: ${file.name}`)
      sha256.set(file.name, await sha256OfFile(file.path, meter.signal, (bytes) => void meter.advance(bytes)))
    }
    parents.push({ role, member, name, sha256 })
  }
  return parents
}

/** Lists the models that the export was made from, post first. Base is always listed. */
function parentsOf({ pair, strengths }: PreparedExport): Omit<CardParent, 'sha256'>[] {
  return [
    { role: 'post', name: 'post', member: pair.post },
    { role: 'base', name: 'base', member: pair.base },
    ...sourcesOf(strengths).map(({ name, path }) => ({
      role: 'source' as const,
      name,
      member: mapGet(pair.others, path, 'checkpoint')
    }))
  ]
}

function stepsOf(prepared: PreparedExport, folder: string): NextStep[] {
  const { form, copied, pair } = prepared
  if (form.kind !== 'model') {
    const adapterBase = form.kind === 'adapter' ? pair.base : pair.post
    return adapterSteps(folder, adapterBase.checkpoint.path, largestRank(prepared))
  }
  return nextSteps(
    folder,
    commonDtype(prepared),
    copied.map(({ name }) => name)
  )
}

/** Returns the largest rank of an adapter's modules: the number of rows of a factor A. */
function largestRank({ weights }: PreparedExport): number {
  const tensors = weights.flatMap((file) => file.tensors.map(({ post }) => post))
  return Math.max(1, ...tensors.map(({ name, shape }) => (/lora_(?:embedding_)?A\b/.test(name) ? (shape[0] ?? 1) : 1)))
}

/** Returns the dtype of most bytes of the weights. */
function commonDtype({ weights }: PreparedExport): StoredDtype {
  const bytesOf = new Map<StoredDtype, number>()
  for (const { post } of weights.flatMap(({ tensors }) => tensors)) {
    bytesOf.set(post.dtype, (bytesOf.get(post.dtype) ?? 0) + post.byteLength)
  }
  return [...bytesOf].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'F32'
}

const normShareNote = ({ normShare }: WrittenLowRank): string =>
  `The adapter has ${formatPercent(normShare)} of the norm of the change of its weights.`

/** Milliseconds between progress reports. */
const REPORT_INTERVAL_MS = 100

/** Counts and reports the bytes of all phases, and stops the work when the user cancels. */
class Meter {
  readonly seconds = { writing: 0, verifying: 0, hashing: 0 }
  private bytesTotal: number
  private readonly startedAt = performance.now()
  private readonly rate = progressRate()
  private bytesDone = 0
  private current: { phase: ExportProgress['phase']; file: string; startedAt: number }
  private nextReportAt = 0

  constructor(
    prepared: PreparedExport,
    readonly signal: AbortSignal,
    private readonly onProgress: (progress: ExportProgress) => void
  ) {
    const parentBytes = membersOf(prepared.pair).flatMap(({ checkpoint }) => checkpoint.files)
    this.bytesTotal = 2 * exportBytes(prepared) + parentBytes.reduce((sum, { bytes }) => sum + bytes, 0)
    this.current = { phase: 'preparing', file: '', startedAt: this.startedAt }
  }

  phase(phase: ExportProgress['phase']): void {
    const now = performance.now()
    const { phase: ended, startedAt } = this.current
    if (ended === 'writing' || ended === 'verifying' || ended === 'hashing') {
      this.seconds[ended] = (now - startedAt) / 1000
    }
    this.current = { phase, file: '', startedAt: now }
    this.report()
  }

  file(name: string): void {
    this.current.file = name
  }

  readonly advance = (bytes: number): void => {
    this.throwIfCancelled()
    this.bytesDone += bytes
    if (performance.now() >= this.nextReportAt) this.report()
  }

  /** Adds to the number of all bytes. */
  readonly expect = (bytes: number): void => {
    this.bytesTotal += bytes
  }

  throwIfCancelled(): void {
    throwIfCancelled(this.signal, 'The export')
  }

  private report(): void {
    const now = performance.now()
    this.nextReportAt = now + REPORT_INTERVAL_MS
    const { bytesDone, bytesTotal } = this
    const { perSecond, secondsLeft } = this.rate(bytesDone, bytesTotal, (now - this.startedAt) / 1000)
    const { phase, file } = this.current
    this.onProgress({ phase, file, bytesDone, bytesTotal, bytesPerSecond: perSecond, secondsLeft })
  }
}
