import { implement, os } from '@orpc/server'
import { contract } from '../../../contract/procedures/contract'
import type { PairDocument, PairId, ProjectState } from '../../../contract/documents/project'
import { plainInput } from '../../base/plain-input'
import { convertProblems, reportDefect } from '../../base/rpc-problems'
import type { JobFailure } from '../../jobs/job'
import type { JobTable } from '../../jobs/job-table'
import type { Jobs } from '../../jobs/jobs'
import type { ProjectPair } from '../../project/pair/project-pair'
import type { OpenProjects } from '../open-projects'

/** The contract, to be given its handlers by feature: their errors cross the border as problems. */
export const route = implement(contract).use(convertProblems(reportDefect)).use(plainInput)

/** What the handlers of every feature work with. */
export interface Routing {
  projects: OpenProjects
  jobs: Jobs
  stateOf: (own: ProjectPair) => Promise<ProjectState>
  withProject: ReturnType<typeof projectMiddleware>
  withPair: ReturnType<typeof pairMiddleware>
}

/** Puts the open project that a procedure's input names by its path into the context. */
export function projectMiddleware(projects: OpenProjects) {
  return os.middleware(async ({ next }, { path }: { path: string }) =>
    next({ context: { project: await projects.use(path) } })
  )
}

/** As {@link projectMiddleware}, with the pair that the input names, as `own`. */
export function pairMiddleware(projects: OpenProjects) {
  return os.middleware(async ({ next }, { path, pair }: { path: string; pair: PairId }) => {
    const project = await projects.use(path)
    return next({ context: { project, own: project.pair(pair) } })
  })
}

interface OfPair {
  context: { own: ProjectPair }
  signal?: AbortSignal
}

/** Follows the pair's job of a kind to its end. */
export function watching<Event extends { type: string }>(table: Pick<JobTable<Event>, 'watch'>) {
  return ({ context: { own }, signal }: OfPair): AsyncGenerator<Event | JobFailure> =>
    table.watch(own, signal)
}

/** Stops the pair's job of a kind, where one is prepared or runs; its watchers hear when it has ended. */
export function cancelling(table: Pick<JobTable<{ type: string }>, 'cancel'>) {
  return ({ context: { own } }: OfPair): void => void table.cancel(own)
}

/** Changes the lists of a pair. @returns the project after it */
export async function edited(
  { stateOf }: Pick<Routing, 'stateOf'>,
  own: ProjectPair,
  change: (document: PairDocument) => Partial<PairDocument>
): Promise<ProjectState> {
  await own.edit(change)
  return stateOf(own)
}

/** As {@link edited}, for a procedure that does nothing else. */
export function editing(routing: Pick<Routing, 'stateOf'>) {
  return <Input>(change: (document: PairDocument, input: Input) => Partial<PairDocument>) =>
    ({ context: { own }, input }: OfPair & { input: Input }): Promise<ProjectState> =>
      edited(routing, own, (document) => change(document, input))
}
