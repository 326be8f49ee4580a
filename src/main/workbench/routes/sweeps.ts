import { shownSweep } from '../../../contract/documents/shown-sweep'
import { promptScoresIn } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'
import { WorkbenchError } from '../../../contract/model/problem'
import { checkedSelection } from '../../crc/check/checked-selection'
import { askWhatIf } from '../../crc/check/ask-what-if'
import { compareSweeps } from '../../measures/compare-sweeps'
import { cancelling, route, type Routing, watching } from './route'

/** Sweeps of all ranges, and what is asked of a stored one. */
export function sweepRoutes({ jobs, withProject }: Routing) {
  const { sweeps } = route
  return sweeps.router({
    start: sweeps.start.use(withProject).handler(async ({ context: { project }, input: { fresh } }) => ({
      sweepId: await jobs.sweeps.start(project, fresh)
    })),
    known: sweeps.known
      .use(withProject)
      .handler(({ context: { project } }) => jobs.sweeps.knownOfNext(project)),
    plan: sweeps.plan
      .use(withProject)
      .handler(({ context: { project }, signal }) => jobs.questions.planSweep(project, signal)),
    watch: sweeps.watch.use(withProject).handler(watching(jobs.sweeps.table)),
    cancel: sweeps.cancel.use(withProject).handler(cancelling(jobs.sweeps.table)),
    get: sweeps.get
      .use(withProject)
      .handler(async ({ context: { project }, input }) => shownSweep(await project.readSweep(input.sweepId))),
    scores: sweeps.scores
      .use(withProject)
      .handler(async ({ context: { project }, input: { sweepId, model } }) => {
        const found = (await project.readSearch(sweepId))?.found ?? []
        const ofKey = found.find(({ recipe }) => weightsKey({ kind: 'recipe', recipe }) === model)
        const scores = promptScoresIn(await project.readSweep(sweepId), model) ?? ofKey?.prompts
        if (scores !== undefined) return scores
        throw new WorkbenchError('not-found', `The sweep ${sweepId} scored no model of the key ${model}.`)
      }),
    select: sweeps.select
      .use(withProject)
      .handler(async ({ context: { project }, input: { sweepId, rho } }) => {
        const sweep = await project.readSweep(sweepId)
        const selection = checkedSelection(sweep, await project.readAnswerCheck(sweepId), rho)
        if (selection !== null) return selection
        throw new WorkbenchError('bad-input', `The sweep ${sweepId} scored no ranges to select from.`)
      }),
    whatIf: sweeps.whatIf
      .use(withProject)
      .handler(async ({ context: { project }, input: { sweepId, asked } }) =>
        askWhatIf(await project.askedSweep(sweepId), await project.readAnswerCheck(sweepId), asked)
      ),
    compare: sweeps.compare
      .use(withProject)
      .handler(async ({ context: { project }, input: { sweepId, other, rho }, signal }) => {
        const read = async (id: string) => ({
          sweep: await project.readSweep(id),
          check: await project.readAnswerCheck(id)
        })
        const options = { rho, ...(signal === undefined ? {} : { signal }) }
        return compareSweeps(await read(sweepId), await read(other.sweepId), options)
      }),
    scoreRecipe: sweeps.scoreRecipe.use(withProject).handler(async function* ({
      context: { project },
      input: { sweepId, recipe },
      signal
    }) {
      yield* jobs.sweeps.scoreRecipe(project, sweepId, recipe, signal)
    })
  })
}
