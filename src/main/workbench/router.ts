import { implement } from '@orpc/server'
import { contract } from '../../contract/procedures/contract'
import type { ProjectState } from '../../contract/documents/project'
import type { EngineHost } from '../engine/host'
import { Devices } from '../jobs/devices'
import type { TellJobNews } from '../jobs/job-news'
import { Jobs } from '../jobs/jobs'
import type { Project } from '../project/project'
import { samplePromptsOf } from '../project/project-prompts'
import type { Entry } from './entry'
import { OpenProjects } from './open-projects'
import { ProjectNews } from './project-news'
import { chatRoutes } from './routes/chat'
import { checkRoutes } from './routes/checks'
import { evaluationRoutes } from './routes/evaluations'
import { exportRoutes } from './routes/exports'
import { probeRoutes } from './routes/probes'
import { appRoutes, deviceRoutes, folderRoutes, pairRoutes } from './routes/program'
import { projectRoutes } from './routes/projects'
import { promptRoutes } from './routes/prompts'
import { checksumRoutes, distanceRoutes, valueRoutes } from './routes/readings'
import { checkpointRoutes, recipeRoutes } from './routes/recipes'
import { projectMiddleware, type Routing } from './routes/route'
import { sampleRoutes } from './routes/samples'
import { searchRoutes } from './routes/searches'
import { sweepRoutes } from './routes/sweeps'

export interface WorkbenchOptions extends Entry {
  engine: EngineHost
  /** Hears of every job, for what lies outside the window's page. */
  onJobNews?: TellJobNews
}

export type WorkbenchRouter = ReturnType<typeof createWorkbench>['router']

/** The program behind the window: the contract's router, and `close`, which ends its work in order. */
export function createWorkbench({ engine, onJobNews, ...entry }: WorkbenchOptions) {
  const projects = new OpenProjects()
  const devices = new Devices(() => engine.another())
  const jobs = new Jobs(engine, devices, onJobNews)
  const stateOf = (project: Project): Promise<ProjectState> => projectState(project, projects, jobs)
  const routing: Routing = { projects, jobs, stateOf, withProject: projectMiddleware(projects) }
  const router = implement(contract).router({
    app: appRoutes(routing, entry),
    folders: folderRoutes(entry),
    devices: deviceRoutes(devices),
    pair: pairRoutes(routing),
    projects: projectRoutes(routing, new ProjectNews(projects, jobs, stateOf)),
    distances: distanceRoutes(routing),
    checksums: checksumRoutes(routing),
    values: valueRoutes(routing),
    prompts: promptRoutes(routing),
    sweeps: sweepRoutes(routing),
    checks: checkRoutes(routing),
    searches: searchRoutes(routing),
    probes: probeRoutes(routing),
    chat: chatRoutes(routing),
    recipes: recipeRoutes(routing),
    checkpoints: checkpointRoutes(routing),
    exports: exportRoutes(routing),
    samples: sampleRoutes(routing),
    evaluations: evaluationRoutes(routing)
  })
  return {
    router,
    async close(): Promise<void> {
      await jobs.cancelAll()
      await projects.closeAll()
      await engine.close()
    }
  }
}

/** Everything that a window shows of a project at once. */
async function projectState(project: Project, projects: OpenProjects, jobs: Jobs): Promise<ProjectState> {
  // First what takes time: the rest is of one moment. The document may come to know the checkpoints by it.
  const pair = await projects.pairOf(project)
  const samplePrompts = await samplePromptsOf(project)
  const otherCheckpoints = await projects.othersOf(project)
  return {
    path: project.path,
    document: project.document,
    prompts: project.prompts,
    samplePrompts: project.samplePrompts ?? samplePrompts,
    sweeps: [...project.sweeps],
    sampleRuns: [...project.samples.runs],
    ...pair,
    otherCheckpoints: otherCheckpoints(project.document),
    readOnly: project.readOnly,
    warnings: [...project.warnings],
    running: jobs.running(project),
    saved: project.saved
  }
}
