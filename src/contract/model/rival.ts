import { z } from 'zod'
import { MinPDraw } from './sampling'

/**
 * Another way to more diverse answers, which restores no layer: post under another sampler, the logits of base and post mixed, or
 * base drawn from where post finds a token plausible. Each needs the next-token logits of post and base alone.
 */
export const Rival = z.discriminatedUnion('kind', [
  /** Post with this temperature and min-p instead of the sweep's. */
  MinPDraw.extend({ kind: z.literal('sampler') }),
  /** Logits (1 - share) x post + share x base. */
  z.object({ kind: z.literal('mix'), share: z.number().min(0).max(1) }),
  /** Base's tokens that post finds at least `share` times as likely as its likeliest. */
  z.object({ kind: z.literal('filter'), share: z.number().gt(0).max(1) })
])
export type Rival = z.infer<typeof Rival>

const TEMPERATURES = [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4]
const MIN_PS = [0, 0.02, 0.05, 0.1]
const MIXES = Array.from({ length: 19 }, (_, i) => (i + 1) / 20)
const FILTERS = [0.1, 0.03, 0.01, 0.005, 0.003, 0.002, 0.001, 0.0005, 0.0003, 0.0001]

/** Samplers that a sweep can also tell of what it would be under them. */
export const WHAT_IF_SAMPLERS: readonly MinPDraw[] = TEMPERATURES.flatMap((temperature) =>
  MIN_PS.map((minP) => ({ temperature, minP }))
)

/** The rivals of a sweep. @param withBase whether base's logits are there, over post's vocabulary */
export function usualRivals(withBase: boolean): Rival[] {
  const samplers = WHAT_IF_SAMPLERS.map((sampler): Rival => ({ kind: 'sampler', ...sampler }))
  if (!withBase) return samplers
  return [
    ...samplers,
    ...MIXES.map((share): Rival => ({ kind: 'mix', share })),
    ...FILTERS.map((share): Rival => ({ kind: 'filter', share }))
  ]
}

/** Whether it is drawn from the logits of post and base together: two rows of work for each token. */
export const needsBase = ({ kind }: Rival): boolean => kind !== 'sampler'

/** What it is, and what an answer of it takes beside one of post. */
export const rivalWork = (rival: Rival): string =>
  needsBase(rival)
    ? `${rivalName(rival)}; each token is computed by base and by post`
    : `${rivalName(rival)}; as much work as post`

/** Of all kinds, what a curve of them is called. */
export const RIVAL_KINDS: Readonly<Record<Rival['kind'], string>> = {
  sampler: 'Post under temperature and min-p',
  mix: 'Logits of base and post mixed',
  filter: 'Base filtered by post'
}

/** One string for equal rivals. */
export const rivalKey = (rival: Rival): string =>
  rival.kind === 'sampler' ? `sampler ${rival.temperature} ${rival.minP}` : `${rival.kind} ${rival.share}`

/** A rival as people type it: `mix:0.5`, `filter:0.001`, `sampler:1.5,0.02` with temperature and min-p. */
export const rivalText = (rival: Rival): string =>
  rival.kind === 'sampler' ? `sampler:${rival.temperature},${rival.minP}` : `${rival.kind}:${rival.share}`

/** What {@link rivalText} writes; null when the text is none. */
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
