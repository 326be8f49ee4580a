import { writeFile } from 'node:fs/promises'
import { PAPER_SAMPLING } from '../contract/documents/samples'
import type { HeldWeights } from '../contract/model/sampling'
import type { EngineGenerateEvent } from '../contract/procedures/engine'
import { createEngineHost } from '../main/engine/host'
import { measureBandwidth } from './bandwidth'
import type { PairShape } from './model-shapes'
import { peakResidentBytes } from './peak-memory'
import { median } from './statistics'
import type { PairFolders } from './synthetic-pair'
import { mebibytes, percent, section } from './table'

/** What is generated with post alone, in an engine process of its own. */
export interface SizedCase {
  readonly weights: HeldWeights
  readonly promptTokens: number
  readonly answerTokens: number
  /** Answers to the one prompt, side by side. */
  readonly samples: number
}

/** Memory and speed of a model of real size beside its plan and the memory's bandwidth. */
export interface SizedGeneration extends SizedCase {
  readonly pair: string
  readonly layerCount: number
  /** Of the process: planned, up to the first token, and after it (NaN where the system does not tell). */
  readonly plannedBytes: number
  readonly openedBytes: number
  readonly steppedBytes: number
  /** From the request to the first token: opening, and running the prompt. */
  readonly firstTokenSeconds: number
  /** Of a step, which gives every answer a token: the median, and the fastest. */
  readonly stepMs: number
  readonly bestStepMs: number
  /** What a step reads: weights once, and keys and values in the middle of the answers. */
  readonly readBytes: number
  /** The best of what both cores read and copy, just before. */
  readonly bytesPerSecond: number
}

export interface SizedPair {
  readonly name: string
  readonly shape: PairShape
  readonly cases: readonly SizedCase[]
}

type Plan = Extract<EngineGenerateEvent, { type: 'plan' }>

export async function measureSized(
  { name, shape }: SizedPair,
  sized: SizedCase,
  folders: PairFolders,
  memoryBytes: number,
  signal: AbortSignal
): Promise<SizedGeneration> {
  const { read, copy } = await measureBandwidth(signal)
  const host = createEngineHost()
  const startedMs = performance.now()
  const stepsMs: number[] = []
  let plan: Plan | null = null
  let openedBytes = NaN
  let firstTokenSeconds = NaN
  try {
    let beforeMs = NaN
    for await (const event of await host
      .client()
      .generate(requestOf(sized, folders, memoryBytes), { signal })) {
      if (event.type === 'plan') plan = event
      if (event.type !== 'tokens') continue
      const nowMs = performance.now()
      if (Number.isNaN(firstTokenSeconds)) {
        firstTokenSeconds = (nowMs - startedMs) / 1000
        openedBytes = await peakResidentBytes(host.pid)
        await forgetPeak(host.pid)
      } else if (event.tokens.length === sized.samples) stepsMs.push(nowMs - beforeMs)
      beforeMs = performance.now()
    }
    if (plan === null) throw new Error('nothing was planned')
    const length = sized.promptTokens + sized.answerTokens
    const middle = (sized.promptTokens + sized.answerTokens / 2) / length
    return {
      ...sized,
      pair: name,
      layerCount: shape.layerCount,
      plannedBytes: plan.peakBytes,
      openedBytes,
      steppedBytes: await peakResidentBytes(host.pid),
      firstTokenSeconds,
      stepMs: median(stepsMs),
      bestStepMs: Math.min(...stepsMs),
      readBytes: plan.weightBytes + middle * plan.keyValueBytes,
      bytesPerSecond: Math.max(read, copy)
    }
  } finally {
    await host.close()
  }
}

function requestOf(
  { weights, promptTokens, answerTokens, samples }: SizedCase,
  folders: PairFolders,
  memoryBytes: number
): Parameters<ReturnType<ReturnType<typeof createEngineHost>['client']>['generate']>[0] {
  return {
    ...folders,
    device: 'cpu',
    models: [{ kind: 'post' }],
    prompts: [Array.from({ length: promptTokens }, (_, i) => (i * 37) % 2000)],
    sampleCount: samples,
    finished: [],
    seed: 1,
    sampling: PAPER_SAMPLING,
    maxTokens: answerTokens,
    stopTokens: [],
    stopTexts: [],
    weights,
    memoryBytes,
    batchRows: samples
  }
}

/** Linux alone forgets a process's peak; elsewhere it stays that of the whole. */
async function forgetPeak(pid: number | undefined): Promise<void> {
  if (process.platform === 'linux') await writeFile(`/proc/${pid ?? 'self'}/clear_refs`, '5')
}

/** As a table. */
export function describeSized(rows: readonly SizedGeneration[]): string {
  return section(
    'Generating with models of real size, in a process of its own, beside its plan and the bandwidth of memory',
    [
      ...[
        'pair',
        'layers',
        'weights',
        'prompt',
        'answer',
        'answers',
        'planned',
        'opening',
        'steps',
        'peak / planned'
      ],
      ...['first token', 'step, median', 'tokens/s', 'read a step', 'memory allows', 'reached']
    ],
    rows.map((row) => {
      const perSecond = (ms: number): string => ((1000 * row.samples) / ms).toFixed(1)
      const limitMs = (1000 * row.readBytes) / row.bytesPerSecond
      return [
        ...[
          row.pair,
          String(row.layerCount),
          row.weights,
          String(row.promptTokens),
          String(row.answerTokens)
        ],
        ...[String(row.samples), mebibytes(row.plannedBytes), mebibytes(row.openedBytes)],
        mebibytes(row.steppedBytes),
        (Math.max(row.openedBytes, row.steppedBytes) / row.plannedBytes).toFixed(2),
        `${row.firstTokenSeconds.toFixed(1)} s`,
        `${row.stepMs.toFixed(0)} ms`,
        perSecond(row.stepMs),
        mebibytes(row.readBytes),
        perSecond(limitMs),
        percent(limitMs / row.bestStepMs)
      ]
    }),
    'Opening: the peak until the first token, with the prompt; steps: after it. Memory allows: weights, keys and values read once a step at the ' +
      'higher of the bandwidths read and copied just before; reached by the fastest step.'
  )
}
