import type { ExportEvent, ExportProgress } from '../../contract/procedures/export'
import { type ExportRequest, runExport } from '../export/run-export'
import { Job } from './job'
import { endingNews, type TellJobNews } from './job-news'

interface ExportFact {
  type: 'progress'
  progress: ExportProgress
}

const NAME = 'The export'

/** An export as a job. */
export function createExportJob(request: ExportRequest, tell: TellJobNews): Job<ExportEvent, ExportFact> {
  return new Job<ExportEvent, ExportFact>({
    name: 'the export',
    async run(_id, facts, signal) {
      const result = await runExport(request, signal, (progress) => {
        facts.set('progress', { type: 'progress', progress })
        const { bytesDone, bytesTotal, secondsLeft } = progress
        tell({ job: NAME, type: 'progress', share: bytesDone / Math.max(1, bytesTotal), secondsLeft })
      })
      return { type: 'finished', result }
    },
    snapshot: (exportId, facts) => ({
      type: 'snapshot',
      exportId,
      recipe: request.prepared.recipe.name,
      path: request.target,
      progress: facts[0]?.progress ?? NOT_STARTED
    }),
    events: (facts) => [...facts],
    onEnd: (ending) => tell(endingNews(NAME, ending))
  })
}

/** Progress of an export that failed before it wrote anything. */
const NOT_STARTED: ExportProgress = {
  phase: 'preparing',
  file: '',
  bytesDone: 0,
  bytesTotal: 0,
  bytesPerSecond: null,
  secondsLeft: null
}
