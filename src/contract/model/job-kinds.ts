import { z } from 'zod'
import { entryById } from './look-up'

/** Facts about a kind of long job that the main process runs for a pair. Each kind is a row of {@link JOB_KINDS}. */
interface JobKindFacts {
  id: string
  name: string
  /** Resource that the job needs. Jobs that only read files run beside all others. */
  needs: 'engine' | 'endpoint' | 'files'
  doing: string
  view: string
}

export const JOB_KINDS = [
  { id: 'sweep', name: 'A sweep', needs: 'engine', doing: 'sweeping', view: 'ranges' },
  {
    id: 'recipe score',
    name: 'The scoring of a recipe',
    needs: 'engine',
    doing: 'scoring a recipe',
    view: 'ranges'
  },
  { id: 'answer check', name: 'A check', needs: 'engine', doing: 'checking answers', view: 'ranges' },
  { id: 'lineage', name: 'A lineage', needs: 'engine', doing: 'comparing stages', view: 'lineage' },
  { id: 'search', name: 'A search', needs: 'engine', doing: 'searching', view: 'ranges' },
  { id: 'samples', name: 'Sampling', needs: 'engine', doing: 'sampling', view: 'samples' },
  {
    id: 'character check',
    name: 'The character check',
    needs: 'engine',
    doing: 'checking the character task',
    view: 'samples'
  },
  { id: 'evaluation', name: 'An evaluation', needs: 'engine', doing: 'evaluating', view: 'evaluate' },
  { id: 'judging', name: 'Judging', needs: 'endpoint', doing: 'judging', view: 'evaluate' },
  { id: 'export', name: 'An export', needs: 'files', doing: 'exporting', view: 'export' },
  { id: 'ranks', name: 'The scoring of ranks', needs: 'engine', doing: 'scoring ranks', view: 'export' },
  { id: 'serving', name: 'A server', needs: 'files', doing: 'serving', view: 'export' },
  { id: 'distances', name: 'A comparison', needs: 'files', doing: 'comparing weights', view: 'models' },
  { id: 'checksums', name: 'Hashing', needs: 'files', doing: 'hashing', view: 'models' },
  { id: 'values', name: 'A check of values', needs: 'files', doing: 'reading weights', view: 'models' }
] as const satisfies readonly JobKindFacts[]

export const JobKind = z.enum(JOB_KINDS.map(({ id }) => id))
export type JobKind = z.infer<typeof JobKind>

export const jobKindFacts = (kind: JobKind): (typeof JOB_KINDS)[number] => entryById(JOB_KINDS, kind, 'kind of job')
