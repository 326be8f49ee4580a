import { z } from 'zod'
import { SearchDocument, SearchEvent, SearchSettings, UnfinishedSearch } from '../../documents/search'
import { jobProcedures, limitInput, procedure, sweepInput } from './procedure'

export const searchProcedures = {
  /** Starts growing recipes from a sweep's best ranges, which continues if the window closes. */
  start: procedure
    .input(
      limitInput.extend({
        settings: SearchSettings,
        /** True to discard the results of an interrupted search and compute them again. */
        fresh: z.boolean().default(false)
      })
    )
    .output(z.void()),
  unfinished: procedure.input(sweepInput).output(UnfinishedSearch.nullable()),
  ...jobProcedures(SearchEvent),
  /** Returns a search from a sweep, the latest if none is named, or null if there is none. */
  get: procedure.input(sweepInput.extend({ id: z.string().optional() })).output(SearchDocument.nullable())
}
