import { implement, os } from '@orpc/server'
import { contract } from '../../../contract/procedures/contract'
import type { PairDocument, PairId, ProjectState } from '../../../contract/documents/project'
import { plainInput } from '../../base/plain-input'
import { convertProblems, reportDefect } from '../../base/rpc-problems'
import type { JobFailure } from '../../jobs/job'
import type { JobTable } from '../../jobs/job-table'
import type { ProjectJobs } from '../../jobs/jobs'
import type { ProjectPair } from '../../project/pair/project-pair'
import type { OpenProjects } from '../open-projects'

/** The contract without handlers. Errors of handlers are sent to the page as problems. */
export const route = implement(contract).use(convertProblems(reportDefect)).use(plainInput)

/** Services that the handlers of every feature use. */
export interface Routing {
  projects: OpenProjects
  jobs: ProjectJobs
  /** Returns the state of a project for a window. @param revision revision that the current call wrote */
  stateOf: (pair: ProjectPair, revision?: number | null) => Promise<ProjectState>
  withProject: ReturnType<typeof projectMiddleware>
  withPair: ReturnType<typeof pairMiddleware>
}

/** Puts the open project that a procedure's input names by its path into the context. */
export function projectMiddleware(projects: OpenProjects) {
  return os.middleware(async ({ next }, { path }: { path: string }) =>
    next({ context: { project: await projects.use(path) } })
  )
}

/** Puts the project and the pair that a procedure's input names into the context. */
export function pairMiddleware(projects: OpenProjects) {
  return os.middleware(async ({ next }, { path, pair }: { path: string; pair: PairId }) => {
    const project = await projects.use(path)
    return next({ context: { project, pair: project.pair(pair) } })
  })
}

interface PairContext {
  context: { pair: ProjectPair }
  signal?: AbortSignal
}

/** Creates the handler of a procedure that follows a pair's job to its end. @param table jobs of one kind */
export function watchHandler<Event extends { type: string }>(table: Pick<JobTable<Event>, 'watch'>) {
  return ({ context: { pair }, signal }: PairContext): AsyncGenerator<Event | JobFailure> => table.watch(pair, signal)
}

/**
 * Creates the handler of a procedure that stops a pair's job. Watchers of the job receive its end.
 *
 * @param table jobs of one kind
 */
export function cancelHandler(table: Pick<JobTable<{ type: string }>, 'cancel'>) {
  return ({ context: { pair } }: PairContext): void => void table.cancel(pair)
}

/** Applies a change to the document of a pair. @returns the state of the project after it */
export async function editDocument(
  { stateOf }: Pick<Routing, 'stateOf'>,
  pair: ProjectPair,
  change: (document: PairDocument) => Partial<PairDocument>
): Promise<ProjectState> {
  return stateOf(pair, await pair.edit(change))
}

/** Creates the handler of a procedure that only changes the document of a pair, see {@link editDocument}. */
export function editHandler(routing: Pick<Routing, 'stateOf'>) {
  return <Input>(change: (document: PairDocument, input: Input) => Partial<PairDocument>) =>
    ({ context: { pair }, input }: PairContext & { input: Input }): Promise<ProjectState> =>
      editDocument(routing, pair, (document) => change(document, input))
}
