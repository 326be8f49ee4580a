import { z } from 'zod'
import { MinPDraw } from './sampling'

/**
 * A baseline that restores no layer. It is post under another sampler, a mix of the logits of base and post, or base
 * filtered by post's plausible tokens. Each needs only the next-token logits of post and base.
 */
export const Rival = z.discriminatedUnion('kind', [
  /** Post with this temperature and min-p in place of the sweep's. */
  MinPDraw.extend({ kind: z.literal('sampler') }),
  /** Logits (1 - share) x post + share x base. */
  z.object({ kind: z.literal('mix'), share: z.number().min(0).max(1) }),
  /**
   * Base restricted to tokens whose probability under post is at least `share` times that of post's most likely token.
   */
  z.object({ kind: z.literal('filter'), share: z.number().gt(0).max(1) })
])
export type Rival = z.infer<typeof Rival>

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
export function usualRivals(withBase: boolean): Rival[] {
  const samplers = WHAT_IF_SAMPLERS.map((sampler): Rival => ({ kind: 'sampler', ...sampler }))
  if (!withBase) return samplers
  return [
    ...samplers,
    ...MIXES.map((share): Rival => ({ kind: 'mix', share })),
    ...FILTERS.map((share): Rival => ({ kind: 'filter', share }))
  ]
}

/**
 * Reports whether a baseline draws from the logits of post and base together, which takes two rows of work for each
 * token.
 */
export const needsBase = ({ kind }: Rival): boolean => kind !== 'sampler'

/** Describes a baseline and the work for one of its answers, compared with an answer of post. */
export const rivalWork = (rival: Rival): string =>
  needsBase(rival)
    ? `${rivalName(rival)}; each token is computed by base and by post`
    : `${rivalName(rival)}; as much work as post`

/** Names of curves, one for each kind of baseline. */
export const RIVAL_KINDS: Readonly<Record<Rival['kind'], string>> = {
  sampler: 'Post under temperature and min-p',
  mix: 'Logits of base and post mixed',
  filter: 'Base filtered by post'
}

/** Returns a key that is equal for equal baselines. */
export const rivalKey = (rival: Rival): string =>
  rival.kind === 'sampler' ? `sampler ${rival.temperature} ${rival.minP}` : `${rival.kind} ${rival.share}`

/** Formats a baseline as it is typed: `mix:0.5`, `filter:0.001`, `sampler:1.5,0.02` with temperature and min-p. */
export const rivalText = (rival: Rival): string =>
  rival.kind === 'sampler' ? `sampler:${rival.temperature},${rival.minP}` : `${rival.kind}:${rival.share}`

/** Parses a text that {@link rivalText} wrote. Returns null if the text is not a baseline. */
export function rivalFromText(text: string): Rival | null {
  const [, kind, values = ''] = /^(\w+):(.+)$/.exec(text) ?? []
  const [first, second] = values.split(',').map(Number)
  const rival = Rival.safeParse(
    kind === 'sampler' ? { kind, temperature: first, minP: second } : { kind, share: first }
  )
  return rival.success ? rival.data : null
}

export function rivalName(rival: Rival): string {
  if (rival.kind === 'sampler') return `post at temperature ${rival.temperature}, min-p ${rival.minP}`
  return rival.kind === 'mix'
    ? `logits with ${rival.share} of base`
    : `base filtered by post at ${rival.share} of its likeliest token`
}
