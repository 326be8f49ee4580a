import { z } from 'zod'
import { MinPDraw } from './sampling'

/**
 * A baseline that restores no layer. It is post under another sampler, a mix of the logits of base and post, or base
 * filtered by post's plausible tokens. Each needs only the next-token logits of post and base.
 */
export const SamplingBaseline = z.discriminatedUnion('kind', [
  /** Post with this temperature and min-p in place of the sweep's. */
  MinPDraw.extend({ kind: z.literal('sampler') }),
  /** Logits (1 - share) x post + share x base. */
  z.object({ kind: z.literal('mix'), share: z.number().min(0).max(1) }),
  /**
   * Base restricted to tokens whose probability under post is at least `share` times that of post's most likely token.
   */
  z.object({ kind: z.literal('filter'), share: z.number().gt(0).max(1) })
])
export type SamplingBaseline = z.infer<typeof SamplingBaseline>

const TEMPERATURES = [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4]
const MIN_PS = [0, 0.02, 0.05, 0.1]
const MIXES = Array.from({ length: 19 }, (_, i) => (i + 1) / 20)
const FILTERS = [0.1, 0.03, 0.01, 0.005, 0.003, 0.002, 0.001, 0.0005, 0.0003, 0.0001]

/** Samplers for which a sweep can also store what-if scores. */
export const WHAT_IF_SAMPLERS: readonly MinPDraw[] = TEMPERATURES.flatMap((temperature) =>
  MIN_PS.map((minP) => ({ temperature, minP }))
)

/**
 * Returns the default baselines of a sweep.
 * @param withBase whether base's logits over post's vocabulary are available
 */
export function defaultSamplingBaselines(withBase: boolean): SamplingBaseline[] {
  const samplers = WHAT_IF_SAMPLERS.map((sampler): SamplingBaseline => ({ kind: 'sampler', ...sampler }))
  if (!withBase) return samplers
  return [
    ...samplers,
    ...MIXES.map((share): SamplingBaseline => ({ kind: 'mix', share })),
    ...FILTERS.map((share): SamplingBaseline => ({ kind: 'filter', share }))
  ]
}

/**
 * Reports whether a baseline draws from the logits of post and base together, which takes two rows of work for each
 * token.
 */
export const needsBase = ({ kind }: SamplingBaseline): boolean => kind !== 'sampler'

/** Describes a baseline and the work for one of its answers, compared with an answer of post. */
export const samplingBaselineWork = (baseline: SamplingBaseline): string =>
  needsBase(baseline)
    ? `${samplingBaselineName(baseline)}; each token is computed by base and by post`
    : `${samplingBaselineName(baseline)}; as much work as post`

/** Names of curves, one for each kind of baseline. */
export const SAMPLING_BASELINE_KINDS: Readonly<Record<SamplingBaseline['kind'], string>> = {
  sampler: 'Post under temperature and min-p',
  mix: 'Logits of base and post mixed',
  filter: 'Base filtered by post'
}

/** Returns a key that is equal for equal baselines. */
export const samplingBaselineKey = (baseline: SamplingBaseline): string =>
  baseline.kind === 'sampler'
    ? `sampler ${baseline.temperature} ${baseline.minP}`
    : `${baseline.kind} ${baseline.share}`

/** Formats a baseline as it is typed: `mix:0.5`, `filter:0.001`, `sampler:1.5,0.02` with temperature and min-p. */
export const samplingBaselineText = (baseline: SamplingBaseline): string =>
  baseline.kind === 'sampler'
    ? `sampler:${baseline.temperature},${baseline.minP}`
    : `${baseline.kind}:${baseline.share}`

/** Parses a text that {@link samplingBaselineText} wrote. Returns null if the text is not a baseline. */
export function samplingBaselineFromText(text: string): SamplingBaseline | null {
  const [, kind, values = ''] = /^(\w+):(.+)$/.exec(text) ?? []
  const [first, second] = values.split(',').map(Number)
  const baseline = SamplingBaseline.safeParse(
    kind === 'sampler' ? { kind, temperature: first, minP: second } : { kind, share: first }
  )
  return baseline.success ? baseline.data : null
}

export function samplingBaselineName(baseline: SamplingBaseline): string {
  if (baseline.kind === 'sampler')
    return `post at temperature ${baseline.temperature}, min-p ${baseline.minP}`
  return baseline.kind === 'mix'
    ? `logits with ${baseline.share} of base`
    : `base filtered by post at ${baseline.share} of its likeliest token`
}
