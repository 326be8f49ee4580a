import { formatMemory } from '../model/bytes'
import { DEVICE_LABELS } from '../model/device'
import { formatCount, formatPercent, plural } from './format'
import type { PreviewPlan, SweepPlan, TimedBy } from '../documents/sweep-plan'

/** Sources of an estimated time. */
const TIMED_BY: Record<TimedBy, string> = {
  sweep: 'by the last sweep',
  block: 'timed with one block, if the machine gets no busier'
}

export function plannedPrompts({ groups }: SweepPlan): number {
  return groups.reduce((sum, group) => sum + group.promptCount, 0)
}

/** Summarises the work, memory and time of a sweep in one line. */
export function planLine(plan: SweepPlan): string {
  const { groups, flops, readBytes } = plan
  const caution = copiesCaution(plan)
  return [
    plural(groups.length, 'prompt group'),
    peakLine(plan),
    plural(plan.blockEvaluations, 'block evaluation'),
    formatFlops(flops.projections + flops.head),
    `reads ${formatMemory(readBytes.layers + readBytes.head)}`,
    ...(caution === null ? [] : [caution]),
    `about ${roughTime(plan.seconds)} ${TIMED_BY[plan.timedBy]}`
  ].join(' · ')
}

/** Copies of more bytes, with fewer operations per byte, limit the sweep. 1,000 are 25 TFLOP/s at 25 GB/s. */
const MANY_COPIES = { bytes: 1e11, flopsPerByte: 1000 }

/** Returns a caution about the copies of a plan; null if they hardly limit the sweep. */
export function copiesCaution({ copies, flops }: Pick<SweepPlan, 'copies' | 'flops'>): string | null {
  if (copies === undefined || copies.toDevice < MANY_COPIES.bytes) return null
  if (flops.projections >= MANY_COPIES.flopsPerByte * copies.toDevice) return null
  return `copies ${formatMemory(copies.toDevice)} to the device, less if more of its memory is free`
}

/** Returns the time and the memory of the next sweep in a few words, such as "about 40 s, 2.1 GiB". */
export function planBrief(plan: SweepPlan, isPreview: boolean): string {
  const { seconds, peakBytes } = isPreview && plan.preview !== null ? plan.preview : plan
  return `about ${roughTime(seconds)}, ${formatMemory(peakBytes)}`
}

/** Share of a full sweep's estimated time. A preview that takes longer is not worthwhile. */
const WORTHWHILE_SHARE = 1 / 2

export function previewLine(preview: PreviewPlan, whole: Pick<SweepPlan, 'seconds'>): string {
  const { rows, wholeRows, promptCount, peakBytes } = preview
  return [
    `all ranges on ${plural(promptCount, 'prompt')}, finalists on all`,
    `at most ${formatPercent(rows / wholeRows)} of the work`,
    `peak ${formatMemory(peakBytes)}`,
    `about ${previewTime(preview, whole)}`
  ].join(' · ')
}

function previewTime({ seconds, timedBy }: PreviewPlan, whole: Pick<SweepPlan, 'seconds'>): string {
  const saving = seconds > WORTHWHILE_SHARE * whole.seconds ? ', which saves little or nothing' : ''
  return `${roughTime(seconds)} ${TIMED_BY[timedBy]}${saving}`
}

/** Limit of a sweep on the CPU, where one thread reads all weights. */
const ONE_READER = ' in one thread, which more cores do not shorten'

interface PlanFact {
  label: string
  value: string
  parts?: readonly PlanFact[]
}

/** Lists all facts of a plan, with the parts of its time and of its peak memory. */
export function planFacts(plan: SweepPlan): PlanFact[] {
  const { memory, groups, estimate, flops, readBytes, preview, copies } = plan
  const readingLimit = plan.device === 'cpu' ? ONE_READER : ''
  return [
    ...(preview === null ? [] : [previewFact(preview, plan)]),
    {
      label: 'models × prompts',
      value: `${formatCount(plan.modelCount)} × ${formatCount(plannedPrompts(plan))}`
    },
    { label: 'prompt groups', value: formatCount(groups.length) },
    { label: 'block evaluations', value: formatCount(plan.blockEvaluations) },
    {
      label: 'tokens',
      value: `${formatCount(plan.packedTokens)} packed of ${formatCount(plan.promptTokens)}`
    },
    { label: 'device', value: `${DEVICE_LABELS[plan.device]}, ${plan.precision}` },
    {
      label: 'products',
      value: formatFlops(flops.projections + flops.head),
      parts: [
        { label: 'projections', value: formatFlops(flops.projections) },
        { label: 'head', value: formatFlops(flops.head) }
      ]
    },
    {
      label: 'to read',
      value: formatMemory(readBytes.layers + readBytes.head),
      parts: [
        { label: 'layers', value: formatMemory(readBytes.layers) },
        { label: 'head', value: formatMemory(readBytes.head) }
      ]
    },
    ...(copies === undefined
      ? []
      : [
          {
            label: 'copied to the device',
            value: `${formatMemory(copies.toDevice)} in ${plural(copies.runs, 'run')}`,
            parts: [{ label: 'copied back', value: formatMemory(copies.fromDevice) }]
          }
        ]),
    {
      label: 'time, about',
      value: `${roughTime(plan.seconds)} ${TIMED_BY[plan.timedBy]}`,
      parts: [
        ...(plan.timedBy === 'block' ? [] : [{ label: TIMED_BY.block, value: roughTime(estimate.seconds) }]),
        { label: 'computing', value: roughTime(estimate.computeSeconds) },
        { label: 'reading, meanwhile', value: `${roughTime(estimate.readSeconds)}${readingLimit}` }
      ]
    },
    {
      label: 'peak memory',
      value: peakLine(plan).replace(/^peak /, ''),
      parts: [
        { label: 'process', value: formatMemory(memory.process) },
        { label: 'weights', value: formatMemory(memory.weights) },
        { label: 'hidden states', value: formatMemory(memory.states) },
        { label: 'activations', value: formatMemory(memory.activations) },
        { label: 'last states', value: formatMemory(memory.finals) },
        ...(plan.deviceBytes === 0
          ? []
          : [{ label: 'of all this on the device', value: formatMemory(plan.deviceBytes) }])
      ]
    }
  ]
}

function previewFact(preview: PreviewPlan, whole: Pick<SweepPlan, 'seconds'>): PlanFact {
  const { rows, wholeRows, promptCount, peakBytes } = preview
  return {
    label: 'a preview',
    value: `at most ${formatPercent(rows / wholeRows)} of the work`,
    parts: [
      {
        label: 'rows through blocks',
        value: `${formatCount(Math.round(rows))} of ${formatCount(wholeRows)}`
      },
      { label: 'all ranges on', value: plural(promptCount, 'prompt') },
      { label: 'time, about', value: previewTime(preview, whole) },
      { label: 'peak memory', value: formatMemory(peakBytes) }
    ]
  }
}

function peakLine({ peakBytes, memoryBytes }: SweepPlan): string {
  return `peak ${formatMemory(peakBytes)} of ${formatMemory(memoryBytes)}`
}

function formatFlops(flops: number): string {
  const [unit, factor] = flops < 1e12 ? ['GFLOP', 1e9] : ['TFLOP', 1e12]
  return `${Number((flops / factor).toPrecision(3)).toLocaleString('en-US')} ${unit}`
}

/** Formats an estimated time with few digits. */
export function roughTime(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toPrecision(2))} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

export const CHECK_AFTERWARDS = 'Then check full answers'
