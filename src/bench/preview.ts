import { copyFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleRankCorrelation } from 'simple-statistics'
import { type CrcPrompts, DEFAULT_RENDERING, type RangeScore, type SweepDocument } from '../contract/documents/crc'
import type { WorkCounts } from '../contract/documents/sweep-work'
import { DEFAULT_RHO } from '../contract/documents/project'
import { elementAt, mapGet } from '../contract/model/look-up'
import type { RestorationRange } from '../contract/model/recipe'
import { spanKey } from '../contract/model/strengths'
import { resourcePath } from '../main/base/resources'
import { runCrcSweep } from '../main/crc/sweep/crc-sweep'
import { builtinPromptSet } from '../main/crc/task/builtin-prompts'
import { createEngineHost } from '../main/engine/host'
import type { PairShape } from './model-shapes'
import { peakResidentBytes } from './peak-memory'
import { median } from 'simple-statistics'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { writeSyntheticPair } from './synthetic-pair'
import { section } from './table'

/* Compares the time and the result of a preview, which scores some ranges, with the full sweep of the same pair. */

export interface PreviewTime {
  readonly pair: string
  readonly layerCount: number
  /** Seconds that the engine reports for the preview, one value for each round. */
  readonly previewSeconds: readonly number[]
  /** Seconds of the full sweep for each round, for all prompts times `wholeRows` / `measuredRows`. */
  readonly wholeSeconds: readonly number[]
  /** Number of rows of the measured full sweep: block evaluations times distinct prompt prefixes. */
  readonly measuredRows: number
  readonly wholeRows: number
  readonly previewRows: number
  /** Time from the start until the first ranges of the preview have scores, for each round. */
  readonly firstScoresSeconds: readonly number[]
  /** Agreement of preview and full sweep. Null if the full sweep used only some prompts. */
  readonly agreement: {
    /** True if both select the same range, or neither selects one. */
    readonly same: boolean
    /**
     * Diversity of the full sweep's range minus diversity of the preview's range. Null if one of them selects no range.
     */
    readonly diversityLoss: number | null
    /** Spearman's rank correlation of diversity over all ranges. */
    readonly rankCorrelation: number
    /** Largest difference between the two scores of a range that the preview reports as exact. */
    readonly maxExactError: number
  } | null
  readonly memoryBytes: number
  /** Peak memory of the engine's process, as planned and as measured, in bytes. */
  readonly plannedBytes: number
  readonly peakBytes: number
}

export interface PreviewedPair {
  readonly name: string
  /** Shape of a synthetic pair with random weights. Null for the demo pair. */
  readonly shape: PairShape | null
  readonly rounds: number
  /** Memory budget of the engine, in bytes. */
  readonly memoryBytes: number
  /** Disk space for the pair's files, with a margin, in bytes. */
  readonly minFreeBytes: number
  /** Number of prompts of the full sweep, which may take too long on all 40. */
  readonly wholePrompts: number
}

/** Tokenizer files of the demo pair. Synthetic pairs use them too, because random weights work with any tokenizer. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json']

/** Locates the demo pair, or writes a pair with random weights. @throws Error if the folder has too little space */
async function preparePair(
  { name, shape, minFreeBytes }: PreviewedPair,
  folder: string,
  signal: AbortSignal
): Promise<PairFolders> {
  if (shape === null) return { base: resourcePath('blend-pair', 'base'), post: resourcePath('blend-pair', 'post') }
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < minFreeBytes)
    throw new Error(
      `${name} needs ${gigabytes(minFreeBytes)} in ${folder}, but only ${gigabytes(bavail * bsize)} are free. ` +
        'Set TMPDIR to a folder with more space.'
    )
  const folders = await writeSyntheticPair(folder, shape, signal)
  for (const file of TOKENIZER_FILES) {
    for (const model of [folders.base, folders.post])
      await copyFile(resourcePath('blend-pair', 'post', file), join(model, file))
  }
  return folders
}

/** Runs a preview and a full sweep in every round, each in a new engine. @throws Error if the folder has no space */
export async function measurePreview(
  previewed: PreviewedPair,
  folder: string,
  signal: AbortSignal
): Promise<PreviewTime> {
  const { name, rounds, memoryBytes, wholePrompts } = previewed
  const folders = await preparePair(previewed, folder, signal)
  const prompts = await builtinPromptSet('demo-crc')
  const sweptPrompts = prompts.filter((_, index) => (index * wholePrompts) % prompts.length < wholePrompts)
  const wholes: TimedSweep[] = []
  const previews: TimedSweep[] = []
  for (let round = 0; round < rounds; round++) {
    previews.push(await sweep(folders, prompts, true, memoryBytes, signal))
    wholes.push(await sweep(folders, sweptPrompts, false, memoryBytes, signal))
  }
  const whole = elementAt(wholes, 0, 'round').document
  const preview = elementAt(previews, 0, 'round').document
  if (preview.preview === null || preview.memory === undefined) throw new Error('the sweep ran without a preview')
  return {
    pair: name,
    layerCount: preview.layerCount,
    previewSeconds: previews.map(({ document }) => document.seconds),
    wholeSeconds: wholes.map(({ document }) => document.seconds),
    measuredRows: rowsOf(whole),
    wholeRows: preview.preview.wholeRows,
    previewRows: preview.preview.rows,
    firstScoresSeconds: previews.map(({ firstScoresSeconds }) => firstScoresSeconds),
    agreement: sweptPrompts.length === prompts.length ? agreementOf(whole, preview, preview.preview.ranges) : null,
    memoryBytes,
    plannedBytes: preview.memory.plannedPeakBytes,
    peakBytes: Math.max(...previews.map(({ peakBytes }) => peakBytes))
  }
}

interface TimedSweep {
  document: SweepDocument
  firstScoresSeconds: number
  peakBytes: number
}

/** Measures a preview or a full sweep in a new engine. */
async function sweep(
  folders: PairFolders,
  prompts: CrcPrompts,
  preview: boolean,
  memoryBytes: number,
  signal: AbortSignal
): Promise<TimedSweep> {
  const host = createEngineHost()
  const startedMs = performance.now()
  let firstScoresSeconds = NaN
  try {
    const document = await runCrcSweep(
      host.client(),
      {
        ...folders,
        prompts,
        rendering: DEFAULT_RENDERING,
        rho: DEFAULT_RHO,
        ranges: true,
        baselines: true,
        preview,
        uniformBlendCount: 0,
        recipes: [],
        memoryBytes
      },
      signal,
      (event) => {
        const hasRangeScores = event.type === 'scores' && event.entries.some(({ model }) => model.kind === 'range')
        if (hasRangeScores && Number.isNaN(firstScoresSeconds))
          firstScoresSeconds = (performance.now() - startedMs) / 1000
      }
    )
    return { document, firstScoresSeconds, peakBytes: await peakResidentBytes(host.pid) }
  } finally {
    await host.close()
  }
}

/** Counts the rows of a sweep, including the follow-up that scores attention only and MLP only. */
function rowsOf({ work, followUp }: SweepDocument): number {
  const rows = ({ blockEvaluations, packedTokens }: WorkCounts): number => blockEvaluations * packedTokens
  return rows(work) + (followUp === null ? 0 : rows(followUp))
}

/** Compares a preview with the full sweep. @param estimated ranges that the preview estimates */
function agreementOf(
  whole: SweepDocument,
  { selected, ranges }: SweepDocument,
  estimated: readonly RangeScore[]
): PreviewTime['agreement'] {
  const exact = new Map(whole.ranges.map((range) => [spanKey(range), range]))
  const exactOf = (range: RestorationRange): RangeScore => mapGet(exact, spanKey(range), 'range')
  const all = [...ranges, ...estimated]
  const best = whole.selected === null ? null : exactOf(whole.selected)
  const picked = selected === null ? null : exactOf(selected)
  return {
    same: best === picked,
    diversityLoss: best === null || picked === null ? null : best.diversity - picked.diversity,
    rankCorrelation: sampleRankCorrelation(
      all.map(({ diversity }) => diversity),
      all.map((range) => exactOf(range).diversity)
    ),
    maxExactError: Math.max(
      ...ranges.flatMap((range) => {
        const { validity, diversity } = exactOf(range)
        return [Math.abs(range.validity - validity), Math.abs(range.diversity - diversity)]
      })
    )
  }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

function describeSelection({ same, diversityLoss }: NonNullable<PreviewTime['agreement']>): string {
  if (same) return 'the same'
  return diversityLoss === null ? 'only one selects' : `${diversityLoss.toFixed(4)} less diverse`
}

function previewCells(row: PreviewTime): string[] {
  const span = (values: readonly number[]): string => {
    const [min, max] = [Math.min(...values).toFixed(1), Math.max(...values).toFixed(1)]
    return `${median(values).toFixed(1)} s${values.length === 1 ? '' : ` (${min} to ${max})`}`
  }
  const scale = row.wholeRows / row.measuredRows
  const wholeSeconds = median(row.wholeSeconds) * Math.max(1, scale)
  const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`
  const { agreement } = row
  return [
    row.pair,
    scale > 1
      ? `${wholeSeconds.toFixed(0)} s, estimated from ${median(row.wholeSeconds).toFixed(0)} s for ` +
        `${share(row.measuredRows, row.wholeRows)} of the work`
      : span(row.wholeSeconds),
    span(row.previewSeconds),
    share(median(row.previewSeconds), wholeSeconds),
    share(row.previewRows, Math.max(row.wholeRows, row.measuredRows)),
    share(median(row.firstScoresSeconds), wholeSeconds),
    agreement === null
      ? ''
      : `${describeSelection(agreement)}, ` +
        `rank correlation ${agreement.rankCorrelation.toFixed(4)}, ` +
        `exact to ${agreement.maxExactError.toExponential(0)}`,
    `${gigabytes(row.peakBytes)} of ${gigabytes(row.plannedBytes)} planned, ${gigabytes(row.memoryBytes)} allowed`
  ]
}

export function describePreviews(previews: readonly PreviewTime[]): string {
  return section(
    'A preview compared with the full sweep (engine time: median, minimum and maximum of the rounds; ' +
      'all ranges, base and baselines on the 40 prompts of the demo)',
    'pair | whole | preview | time | work | first scores after | selected | peak memory',
    previews.map(previewCells),
    'Time, work and first scores: share of the full sweep. ' +
      'Selected: whether both select the same range, or how much less diverse the range of the preview is. ' +
      'Rank correlation: of diversity, over all ranges. ' +
      'Exact to: largest error of the scores that the preview reports as exact.'
  )
}
