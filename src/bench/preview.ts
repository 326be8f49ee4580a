import { copyFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleRankCorrelation } from 'simple-statistics'
import {
  type CrcPrompts,
  DEFAULT_RENDERING,
  type RangeScore,
  type SweepDocument
} from '../contract/documents/crc'
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

/** A preview beside the whole sweep of the same pair. */
export interface PreviewTime {
  readonly pair: string
  readonly layerCount: number
  /** The engine's seconds of each round, in turn. */
  readonly previewSeconds: readonly number[]
  /** Measured on some prompts where all take too long; `wholeRows` of `measuredRows` then say what all would take. */
  readonly wholeSeconds: readonly number[]
  readonly measuredRows: number
  readonly wholeRows: number
  /** Evaluations of blocks times distinct prompt prefixes. */
  readonly previewRows: number
  /** Time from the start until the first ranges of the preview have scores, for each round. */
  readonly firstScoresSeconds: readonly number[]
  /** Agreement of the two. Null if the whole sweep is not of all prompts. */
  readonly agreement: {
    readonly same: boolean
    /** Diversity of the whole sweep's selection minus the preview's. Null if either selects nothing. */
    readonly behind: number | null
    /** Spearman's rank correlation of diversity over all ranges. */
    readonly rankCorrelation: number
    /** The largest difference of a range's exact scores. */
    readonly furthest: number
  } | null
  /** Peak memory of the engine's process through the preview, in bytes. */
  readonly memoryBytes: number
  readonly plannedBytes: number
  readonly peakBytes: number
}

export interface PreviewedPair {
  readonly name: string
  /** Null for the demo pair. */
  readonly shape: PairShape | null
  readonly rounds: number
  readonly memoryBytes: number
  /** Disk space for the pair's files, with a margin, in bytes. */
  readonly leastFreeBytes: number
  /** Number of the 40 prompts that the whole sweep is measured on. */
  readonly wholePrompts: number
}

/** A tokenizer's files: random weights go with any. */
const TEXT_FILES = ['tokenizer.json', 'tokenizer_config.json']

/** The demo pair, or one of random weights. @throws Error where the folder has too little room for it */
async function foldersOf(
  { name, shape, leastFreeBytes }: PreviewedPair,
  folder: string,
  signal: AbortSignal
): Promise<PairFolders> {
  if (shape === null)
    return { base: resourcePath('demo-pair', 'base'), post: resourcePath('demo-pair', 'post') }
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < leastFreeBytes)
    throw new Error(
      `${name} takes ${gigabytes(leastFreeBytes)} in ${folder}, where ${gigabytes(bavail * bsize)} are free. ` +
        'Set TMPDIR to a folder with more space.'
    )
  const folders = await writeSyntheticPair(folder, shape, signal)
  for (const file of TEXT_FILES) {
    for (const model of [folders.base, folders.post])
      await copyFile(resourcePath('demo-pair', 'post', file), join(model, file))
  }
  return folders
}

/**
 * Sweeps a pair whole and as a preview, in turn, in an engine process of their own each.
 *
 * @param folder a scratch folder
 * @throws Error where the folder has too little room for the pair
 */
export async function measurePreview(
  previewed: PreviewedPair,
  folder: string,
  signal: AbortSignal
): Promise<PreviewTime> {
  const { name, rounds, memoryBytes, wholePrompts } = previewed
  const folders = await foldersOf(previewed, folder, signal)
  const prompts = await builtinPromptSet('demo-crc')
  const sweptPrompts = prompts.filter((_, index) => (index * wholePrompts) % prompts.length < wholePrompts)
  const wholes: Sweep[] = []
  const previews: Sweep[] = []
  for (let round = 0; round < rounds; round++) {
    previews.push(await sweep(folders, prompts, true, memoryBytes, signal))
    wholes.push(await sweep(folders, sweptPrompts, false, memoryBytes, signal))
  }
  const whole = elementAt(wholes, 0, 'round').document
  const preview = elementAt(previews, 0, 'round').document
  if (preview.preview === null || preview.memory === undefined) throw new Error('nothing was previewed')
  return {
    pair: name,
    layerCount: preview.layerCount,
    previewSeconds: previews.map(({ document }) => document.seconds),
    wholeSeconds: wholes.map(({ document }) => document.seconds),
    measuredRows: rowsOf(whole),
    wholeRows: preview.preview.wholeRows,
    previewRows: preview.preview.rows,
    firstScoresSeconds: previews.map(({ firstScoresSeconds }) => firstScoresSeconds),
    agreement:
      sweptPrompts.length === prompts.length ? agreementOf(whole, preview, preview.preview.ranges) : null,
    memoryBytes,
    plannedBytes: preview.memory.plannedPeakBytes,
    peakBytes: Math.max(...previews.map(({ peakBytes }) => peakBytes))
  }
}

interface Sweep {
  document: SweepDocument
  firstScoresSeconds: number
  peakBytes: number
}

async function sweep(
  folders: PairFolders,
  prompts: CrcPrompts,
  preview: boolean,
  memoryBytes: number,
  signal: AbortSignal
): Promise<Sweep> {
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
        const ofRanges = event.type === 'scores' && event.entries.some(({ model }) => model.kind === 'range')
        if (ofRanges && Number.isNaN(firstScoresSeconds))
          firstScoresSeconds = (performance.now() - startedMs) / 1000
      }
    )
    return { document, firstScoresSeconds, peakBytes: await peakResidentBytes(host.pid) }
  } finally {
    await host.close()
  }
}

/** Counts the rows of attention and MLP of the selected range alone, too. */
function rowsOf({ work, followUp }: SweepDocument): number {
  const rows = ({ blockEvaluations, packedTokens }: WorkCounts): number => blockEvaluations * packedTokens
  return rows(work) + (followUp === null ? 0 : rows(followUp))
}

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
    behind: best === null || picked === null ? null : best.diversity - picked.diversity,
    rankCorrelation: sampleRankCorrelation(
      all.map(({ diversity }) => diversity),
      all.map((range) => exactOf(range).diversity)
    ),
    furthest: Math.max(
      ...ranges.flatMap((range) => {
        const { validity, diversity } = exactOf(range)
        return [Math.abs(range.validity - validity), Math.abs(range.diversity - diversity)]
      })
    )
  }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

/** Formats one result as a line of the table. */
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
      ? `${wholeSeconds.toFixed(0)} s, by ${median(row.wholeSeconds).toFixed(0)} s for ` +
        `${share(row.measuredRows, row.wholeRows)} of the work`
      : span(row.wholeSeconds),
    span(row.previewSeconds),
    share(median(row.previewSeconds), wholeSeconds),
    share(row.previewRows, Math.max(row.wholeRows, row.measuredRows)),
    share(median(row.firstScoresSeconds), wholeSeconds),
    agreement === null
      ? ''
      : `${agreement.same ? 'the same' : `${agreement.behind?.toFixed(4) ?? 'nothing'} behind`}, ` +
        `rho ${agreement.rankCorrelation.toFixed(4)}, exact to ${agreement.furthest.toExponential(0)}`,
    `${gigabytes(row.peakBytes)} of ${gigabytes(row.plannedBytes)} planned, ${gigabytes(row.memoryBytes)} allowed`
  ]
}

/** Formats the results as a table. */
export function describePreviews(previews: readonly PreviewTime[]): string {
  return section(
    'A preview compared with the whole sweep (time of the engine, median and span of the rounds; ' +
      'ranges, base and baselines, the demo’s 40 prompts)',
    ['pair', 'whole', 'preview', 'time', 'work', 'first scores after', 'selected', 'peak memory'],
    previews.map(previewCells),
    'Time, work and first scores: share of the whole sweep. ' +
      'Selected: diversity below that of the range that the whole sweep selects. ' +
      'Rho: rank correlation of diversity over all ranges. ' +
      'Exact to: largest error of the scores that the preview calls exact.'
  )
}
