import { implement, os } from '@orpc/server'
import { contract } from '../../../contract/procedures/contract'
import type { ProjectDocument, ProjectState } from '../../../contract/documents/project'
import { plainInput } from '../../base/plain-input'
import { problemsAcross, reportDefect } from '../../base/rpc-problems'
import type { JobFailure } from '../../jobs/job'
import type { JobTable } from '../../jobs/job-table'
import type { Jobs } from '../../jobs/jobs'
import type { Project } from '../../project/project'
import type { OpenProjects } from '../open-projects'

/** The contract, to be given its handlers by feature: their errors cross the border as problems. */
export const route = implement(contract).use(problemsAcross(reportDefect)).use(plainInput)

/** What the handlers of every feature work with. */
export interface Routing {
  projects: OpenProjects
  jobs: Jobs
  stateOf: (project: Project) => Promise<ProjectState>
  withProject: ReturnType<typeof projectMiddleware>
}

/** Puts the open project that a procedure's input names by its path into the context. */
export function projectMiddleware(projects: OpenProjects) {
  return os.middleware(async ({ next }, { path }: { path: string }) =>
    next({ context: { project: await projects.use(path) } })
  )
}

interface OfProject {
  context: { project: Project }
  signal?: AbortSignal
}

/** Follows the project's job of a kind to its end. */
export function watching<Event extends { type: string }>(table: Pick<JobTable<Event>, 'watch'>) {
  return async function* ({ context: { project }, signal }: OfProject): AsyncGenerator<Event | JobFailure> {
    yield* table.watch(project, signal)
  }
}

/** Ends the project's job of a kind, where one runs. */
export function cancelling(table: Pick<JobTable<{ type: string }>, 'cancel'>) {
  return ({ context: { project } }: OfProject): void => table.cancel(project)
}

/** Changes the lists of a project. @returns the project after it */
export async function edited(
  { stateOf }: Pick<Routing, 'stateOf'>,
  project: Project,
  change: (document: ProjectDocument) => Partial<ProjectDocument>
): Promise<ProjectState> {
  await project.edit(change)
  return stateOf(project)
}
