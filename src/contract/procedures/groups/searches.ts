import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { SearchDocument, SearchEvent, SearchSettings, UnfinishedSearch } from '../../documents/search'
import { ofPair, ofSweep, underLimit, procedure } from './procedure'

export const searchProcedures = {
  /** Starts growing recipes from a sweep's best ranges; refused while a job of the project runs. It outlives the window. */
  start: procedure
    .input(
      underLimit.extend({
        settings: SearchSettings,
        /** Whether to compute also what an interrupted search has computed. */
        fresh: z.boolean().default(false)
      })
    )
    .output(z.void()),
  /** The search from a sweep that was stopped before its end; null when there is none. */
  unfinished: procedure.input(ofSweep).output(UnfinishedSearch.nullable()),
  /** Follows the running search; ends at once when none runs. Aborting stops the watching, not the search. */
  watch: procedure.input(ofPair).output(eventIterator(SearchEvent)),
  cancel: procedure.input(ofPair).output(z.void()),
  /** A search from a sweep, or the latest where none is named; null when there is none. */
  get: procedure.input(ofSweep.extend({ id: z.string().optional() })).output(SearchDocument.nullable())
}
