import { z } from 'zod'
import { entryById } from './look-up'

/** Facts about a kind of run that a pair stores. Each kind is a row of {@link RUN_KINDS}. */
interface RunKindFacts {
  id: string
  one: string
  several: string
  view: string
}

export const RUN_KINDS = [
  { id: 'sweep', one: 'sweep', several: 'sweeps', view: 'ranges' },
  { id: 'search', one: 'search', several: 'searches', view: 'ranges' },
  { id: 'samples', one: 'sample run', several: 'sample runs', view: 'samples' },
  { id: 'evaluation', one: 'evaluation', several: 'evaluations', view: 'evaluate' }
] as const satisfies readonly RunKindFacts[]

export const RunKind = z.enum(RUN_KINDS.map(({ id }) => id))
export type RunKind = z.infer<typeof RunKind>

export const runKindFacts = (kind: RunKind): (typeof RUN_KINDS)[number] => entryById(RUN_KINDS, kind, 'kind of run')
