import { implement } from '@orpc/server'
import { contract } from '../../contract/procedures/contract'
import type { EngineHost } from '../engine/host'
import { triedDevices } from '../work/devices'
import type { PublishJobNews } from '../jobs/job-news'
import { ProjectJobs } from '../jobs/jobs'
import type { Entry } from './entry'
import { OpenProjects } from './open-projects'
import { projectState } from './project-state'
import { ProjectNews } from './project-news'
import { chatRoutes } from './routes/chat'
import { checkRoutes } from './routes/checks'
import { evaluationRoutes } from './routes/evaluations'
import { exportRoutes, rankRoutes, servingRoutes } from './routes/exports'
import { probeRoutes } from './routes/probes'
import { appRoutes, deviceRoutes, folderRoutes, pairRoutes } from './routes/program'
import { historyRoutes } from './routes/history'
import { lineageRoutes } from './routes/lineages'
import { pairListRoutes } from './routes/pair-list'
import { projectRoutes } from './routes/projects'
import { promptRoutes } from './routes/prompts'
import { checksumRoutes, distanceRoutes, valueRoutes } from './routes/readings'
import { checkpointRoutes, recipeRoutes } from './routes/recipes'
import { pairMiddleware, projectMiddleware, type Routing } from './routes/route'
import { sampleRoutes } from './routes/samples'
import { searchRoutes } from './routes/searches'
import { sweepRoutes } from './routes/sweeps'
import { workRoutes } from './routes/work'

export interface WorkbenchOptions extends Entry {
  engine: EngineHost
  /** Receives news of every job for the taskbar and notifications. */
  onJobNews?: PublishJobNews
}

export type WorkbenchRouter = ReturnType<typeof createWorkbench>['router']

/** Creates the program behind the window: the router of the contract, and `close`, which ends all work in order. */
export function createWorkbench({ engine, onJobNews, ...entry }: WorkbenchOptions) {
  const projects = new OpenProjects()
  const closing = new AbortController()
  const devices = triedDevices(closing.signal, () => engine.another())
  const jobs = new ProjectJobs(engine, devices, onJobNews)
  const stateOf: Routing['stateOf'] = (pair, change = null) => projectState(pair, change, projects, jobs)
  const routing: Routing = {
    projects,
    jobs,
    stateOf,
    withProject: projectMiddleware(projects),
    withPair: pairMiddleware(projects)
  }
  const router = implement(contract).router({
    app: appRoutes(routing, entry),
    folders: folderRoutes(entry),
    devices: deviceRoutes(devices),
    pair: pairRoutes(routing),
    projects: projectRoutes(routing, new ProjectNews(projects, jobs, stateOf)),
    pairs: pairListRoutes(routing),
    work: workRoutes(routing),
    distances: distanceRoutes(routing),
    checksums: checksumRoutes(routing),
    values: valueRoutes(routing),
    prompts: promptRoutes(routing),
    sweeps: sweepRoutes(routing),
    checks: checkRoutes(routing),
    ranks: rankRoutes(routing),
    lineages: lineageRoutes(routing),
    searches: searchRoutes(routing),
    history: historyRoutes(routing),
    probes: probeRoutes(routing),
    chat: chatRoutes(routing),
    recipes: recipeRoutes(routing),
    checkpoints: checkpointRoutes(routing),
    exports: exportRoutes(routing),
    serving: servingRoutes(routing),
    samples: sampleRoutes(routing),
    evaluations: evaluationRoutes(routing)
  })
  return {
    router,
    async close(): Promise<void> {
      closing.abort()
      await jobs.cancelAll()
      await projects.closeAll()
      await engine.close()
    }
  }
}
