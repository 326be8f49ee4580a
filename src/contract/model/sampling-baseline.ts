import { z } from 'zod'
import { type DrawSettings, MinPDraw } from './sampling'
import type { MarkShape, ModelTone } from './model-style'
import { DEPTH_RAMPS } from './recipe'

const Temperature = MinPDraw.shape.temperature

/** A baseline that restores no layer: another sampler, a mix of logits, or base filtered by post's plausible tokens. */
export const SamplingBaseline = z.discriminatedUnion('kind', [
  MinPDraw.extend({ kind: z.literal('sampler') }),
  /** Post with this temperature, cut to the likeliest tokens that have this probability together. */
  z.object({ kind: z.literal('top-p'), temperature: Temperature, limit: z.number().gt(0).max(1) }),
  /** Post with this temperature, cut to so many likeliest tokens. */
  z.object({ kind: z.literal('top-k'), temperature: Temperature, limit: z.number().int().min(1) }),
  /** Post with this temperature, cut to logits within so many standard deviations of the largest (arXiv 2411.07641). */
  z.object({ kind: z.literal('top-n-sigma'), temperature: Temperature, limit: z.number().gt(0).max(100) }),
  /** Logits (1 - share) x post + share x base; a share below 0 or above 1 extrapolates. */
  z.object({ kind: z.literal('mix'), share: z.number().min(-1).max(2) }),
  /** Base restricted to tokens that have under post at least `share` times the probability of the likeliest. */
  z.object({ kind: z.literal('filter'), share: z.number().gt(0).max(1) })
])
export type SamplingBaseline = z.infer<typeof SamplingBaseline>
type SamplingKind = SamplingBaseline['kind']

/** A baseline whose tokens are drawn from the logits of two models. */
export type MixedBaseline = Extract<SamplingBaseline, { share: number }>
/** A baseline that is post under another sampler. */
type PostBaseline = Exclude<SamplingBaseline, MixedBaseline>
/** A baseline that blends all layers: uniformly, or along a ramp over depth. */
export const BlendBaseline = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('uniform-blend'), strength: z.number() }),
  z.object({ kind: z.literal('depth-ramp'), strength: z.number(), last: z.number() })
])
export type BlendBaseline = z.infer<typeof BlendBaseline>

/** A baseline of any family. */
export const Baseline = z.discriminatedUnion('kind', [...BlendBaseline.options, ...SamplingBaseline.options])
export type Baseline = z.infer<typeof Baseline>

export const isBlend = (baseline: Baseline): baseline is BlendBaseline => 'strength' in baseline

/** A baseline that cuts post's tokens by another limit than min-p. */
export type TruncatedBaseline = Exclude<PostBaseline, { kind: 'sampler' }>

/** Lists all combinations of two lists. */
const grid = <A, B, Point>(first: readonly A[], second: readonly B[], point: (a: A, b: B) => Point): Point[] =>
  first.flatMap((a) => second.map((b) => point(a, b)))

/** Samplers for which a sweep can also store what-if scores. */
export const WHAT_IF_SAMPLERS: readonly MinPDraw[] = grid(
  [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4],
  [0, 0.02, 0.05, 0.1],
  (temperature, minP) => ({ temperature, minP })
)

const truncated = <Kind extends TruncatedBaseline['kind']>(
  kind: Kind,
  limits: readonly number[]
): { kind: Kind; temperature: number; limit: number }[] =>
  grid([1, 1.5, 2, 3], limits, (temperature, limit) => ({ kind, temperature, limit }))

const mixed = <Kind extends MixedBaseline['kind']>(
  kind: Kind,
  shares: readonly number[]
): { kind: Kind; share: number }[] => shares.map((share) => ({ kind, share }))

/** Shares from 0.05 to 0.95. */
const TWENTIETHS = Array.from({ length: 19 }, (_, index) => (index + 1) / 20)

/** Facts about a kind of baseline with all its settings. */
interface BaselineFamily {
  /** Title of the family's curve in charts and tables. */
  readonly curve: string
  /** Name in a legend. */
  readonly label: string
  readonly parameters: readonly ('temperature' | 'minP' | 'limit' | 'share' | 'strength' | 'last')[]
  /** The colour of the model that it draws from; of recipes for blends. */
  readonly tone: ModelTone
  readonly shape: MarkShape
  /** Baselines that a sweep scores, in the order of the curve. Settings determine the number of uniform blends. */
  readonly candidates: readonly Baseline[]
}

/** All families, in the order of tables. */
export const BASELINE_FAMILIES: Readonly<Record<Baseline['kind'], BaselineFamily>> = {
  'uniform-blend': {
    curve: 'Uniform blends',
    label: 'uniform blends',
    parameters: ['strength'],
    tone: 'hybrid',
    shape: 'circle',
    candidates: []
  },
  'depth-ramp': {
    curve: 'Depth ramps',
    label: 'depth ramps',
    parameters: ['strength', 'last'],
    tone: 'hybrid',
    shape: 'crossRot',
    candidates: DEPTH_RAMPS.map((ramp) => ({ kind: 'depth-ramp', ...ramp }))
  },
  sampler: {
    curve: 'Post under temperature and min-p',
    label: 'samplers',
    parameters: ['temperature', 'minP'],
    tone: 'post',
    shape: 'crossRot',
    candidates: WHAT_IF_SAMPLERS.map((sampler) => ({ kind: 'sampler', ...sampler }))
  },
  'top-p': {
    curve: 'Post under temperature and top-p',
    label: 'top-p',
    parameters: ['temperature', 'limit'],
    tone: 'post',
    shape: 'star',
    candidates: truncated('top-p', [0.5, 0.8, 0.9, 0.95])
  },
  'top-k': {
    curve: 'Post under temperature and top-k',
    label: 'top-k',
    parameters: ['temperature', 'limit'],
    tone: 'post',
    shape: 'cross',
    candidates: truncated('top-k', [10, 20, 50, 100])
  },
  'top-n-sigma': {
    curve: 'Post under temperature and top-n-sigma',
    label: 'top-n-sigma',
    parameters: ['temperature', 'limit'],
    tone: 'post',
    shape: 'triangle',
    candidates: truncated('top-n-sigma', [0.5, 1, 1.5, 2])
  },
  mix: {
    curve: 'Logits of base and post mixed',
    label: 'mixed logits',
    parameters: ['share'],
    tone: 'orange',
    shape: 'rectRounded',
    candidates: mixed('mix', [-1, -0.5, -0.25, ...TWENTIETHS, 1.1, 1.25, 1.5, 2])
  },
  filter: {
    curve: 'Base filtered by post',
    label: 'filtered base',
    parameters: ['share'],
    tone: 'base',
    shape: 'triangle',
    candidates: mixed('filter', [0.1, 0.03, 0.01, 0.005, 0.003, 0.002, 0.001, 0.0005, 0.0003, 0.0001])
  }
}

/** Kinds of families, in the order of tables. */
export const BASELINE_KINDS: readonly Baseline['kind'][] = Baseline.options.map(({ shape }) => shape.kind.value)
/** Kinds of families that only draw tokens differently. */
export const SAMPLING_KINDS: readonly SamplingKind[] = SamplingBaseline.options.map(({ shape }) => shape.kind.value)

/** Returns the default baselines of a sweep. @param withBase true if base's logits are available */
export const defaultSamplingBaselines = (withBase: boolean): SamplingBaseline[] =>
  BASELINE_KINDS.flatMap((kind) => BASELINE_FAMILIES[kind].candidates)
    .filter((baseline) => !isBlend(baseline))
    .filter((baseline) => withBase || !needsBase(baseline))

/** Reports whether a baseline draws from post and base together, with two rows of work for each token. */
export const needsBase = (baseline: Baseline): baseline is MixedBaseline => 'share' in baseline

/** Returns the sampler settings of a baseline that is post under another sampler. */
export function baselineSampler(baseline: PostBaseline): Partial<DrawSettings> {
  const { temperature } = baseline
  if (baseline.kind === 'sampler') return { temperature, minP: baseline.minP }
  const open = { temperature, topK: null, topP: 1, minP: 0 }
  if (baseline.kind === 'top-p') return { ...open, topP: baseline.limit }
  return baseline.kind === 'top-k' ? { ...open, topK: baseline.limit } : { ...open, topNSigma: baseline.limit }
}

/** Describes a baseline and the work for one of its answers, compared with an answer of post. */
export const samplingBaselineWork = (baseline: SamplingBaseline): string =>
  needsBase(baseline)
    ? `${samplingBaselineName(baseline)}; each token is computed by base and by post`
    : `${samplingBaselineName(baseline)}; as much work as post`

/** Lists the settings of a baseline in the order in which they are typed. */
function valuesOf(baseline: SamplingBaseline): number[] {
  if (needsBase(baseline)) return [baseline.share]
  return [baseline.temperature, baseline.kind === 'sampler' ? baseline.minP : baseline.limit]
}

export const samplingBaselineKey = (baseline: SamplingBaseline): string =>
  [baseline.kind, ...valuesOf(baseline)].join(' ')

/** Formats a baseline as it is typed, such as `mix:0.5`, or `top-p:1.5,0.9` with its temperature first. */
export const samplingBaselineText = (baseline: SamplingBaseline): string =>
  `${baseline.kind}:${valuesOf(baseline).join(',')}`

/** Parses the numbers of a text such as `top-p:1.5,0.9`. A missing number is NaN. */
export const numbersBehindColon = (text: string): number[] =>
  text
    .slice(text.indexOf(':') + 1)
    .split(',')
    .map((value) => (value.trim() === '' ? NaN : Number(value)))

/** Parses a text that {@link samplingBaselineText} wrote. Returns null if the text is not a baseline. */
export function samplingBaselineFromText(text: string): SamplingBaseline | null {
  const kind = SAMPLING_KINDS.find((other) => text.startsWith(`${other}:`))
  if (kind === undefined) return null
  const { parameters } = BASELINE_FAMILIES[kind]
  const numbers = numbersBehindColon(text)
  const named = Object.fromEntries(parameters.map((parameter, index) => [parameter, numbers[index]]))
  const baseline = SamplingBaseline.safeParse({ kind, ...named })
  return baseline.success && numbers.length === parameters.length ? baseline.data : null
}

/** Describes the texts of baselines for an error message. */
export const BASELINE_EXPECTED =
  'sampler:TEMPERATURE,MIN_P, top-p:TEMPERATURE,P, top-k:TEMPERATURE,K, top-n-sigma:TEMPERATURE,N, ' +
  'mix:SHARE or filter:SHARE, such as mix:0.5'

export function samplingBaselineName(baseline: SamplingBaseline): string {
  if (baseline.kind === 'filter') return `base filtered by post at min-p ${baseline.share}`
  if (baseline.kind === 'mix') return `mix of logits, ${baseline.share} from base`
  const [temperature, limit] = valuesOf(baseline)
  return `post at temperature ${temperature}, ${baseline.kind === 'sampler' ? 'min-p' : baseline.kind} ${limit}`
}
