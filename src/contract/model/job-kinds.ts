import { z } from 'zod'

/** A kind of long work that main does for a pair: a new one is a row of {@link JOB_KINDS}. */
export interface JobKindFacts {
  id: string
  /** How a message names one that runs, at the beginning of a sentence. */
  name: string
  /**
   * A project has one job at a time that needs the engine or an endpoint, and the program one that needs the engine. Jobs that only read
   * files go on beside all others.
   */
  needs: 'engine' | 'endpoint' | 'files'
  /** What is said of the pair while it runs, after its name. */
  doing: string
  /** The window's step that shows how far it is, and stops it. */
  step: string
}

export const JOB_KINDS = [
  { id: 'sweep', name: 'A sweep', needs: 'engine', doing: 'sweeping', step: 'ranges' },
  {
    id: 'recipe score',
    name: 'The scoring of a recipe',
    needs: 'engine',
    doing: 'scoring a recipe',
    step: 'ranges'
  },
  { id: 'answer check', name: 'A check', needs: 'engine', doing: 'checking answers', step: 'ranges' },
  { id: 'search', name: 'A search', needs: 'engine', doing: 'searching', step: 'ranges' },
  { id: 'samples', name: 'Sampling', needs: 'engine', doing: 'sampling', step: 'samples' },
  {
    id: 'character check',
    name: 'The character check',
    needs: 'engine',
    doing: 'checking the character task',
    step: 'samples'
  },
  { id: 'evaluation', name: 'An evaluation', needs: 'engine', doing: 'evaluating', step: 'evaluate' },
  { id: 'judging', name: 'Judging', needs: 'endpoint', doing: 'judging', step: 'evaluate' },
  { id: 'export', name: 'An export', needs: 'files', doing: 'exporting', step: 'export' },
  { id: 'distances', name: 'A comparison', needs: 'files', doing: 'comparing weights', step: 'pair' },
  { id: 'checksums', name: 'Hashing', needs: 'files', doing: 'hashing', step: 'pair' },
  { id: 'values', name: 'A check of values', needs: 'files', doing: 'reading weights', step: 'pair' }
] as const satisfies readonly JobKindFacts[]

export const JobKind = z.enum(JOB_KINDS.map(({ id }) => id))
export type JobKind = z.infer<typeof JobKind>

export function factsOfJob(kind: JobKind): (typeof JOB_KINDS)[number] {
  const facts = JOB_KINDS.find(({ id }) => id === kind)
  if (facts === undefined) throw new RangeError(`there is no kind of job ${kind}`)
  return facts
}
