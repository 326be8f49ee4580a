import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import { shownSweepInSteps } from '../../../contract/documents/shown-sweep'
import { weightsKey } from '../../../contract/model/model'
import { WorkbenchError } from '../../../contract/model/problem'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { askWhatIf } from '../../crc/check/ask-what-if'
import { areOverSources } from '../../crc/selection/best-over-sources'
import { compareSweeps } from '../../measures/compare-sweeps'
import type { ProjectPair } from '../../project/pair/project-pair'
import { cancelling, route, type Routing, watching } from './route'

/** What searches from a sweep have of a model that they found, the latest first. */
async function foundScores(
  own: ProjectPair,
  sweepId: string,
  model: string
): Promise<PromptScore[] | undefined> {
  for (const { id } of own.searches.filter((search) => search.sweepId === sweepId)) {
    const search = await own.readSearch(sweepId, id)
    const found = search?.found.find(({ recipe }) => weightsKey({ kind: 'recipe', recipe }) === model)
    if (found !== undefined) return found.prompts
  }
  return undefined
}

/** Of a comparison of two sources, the newest sweep of each other source that the pair has on the same prompts. */
async function otherSources(
  own: ProjectPair,
  compared: readonly [SweepDocument, SweepDocument]
): Promise<SweepDocument[]> {
  if (!areOverSources(compared)) return []
  const key = ({ source }: Pick<SweepDocument, 'source'>): string | null => source?.fingerprint ?? null
  const seen = new Set(compared.map(key))
  const found: SweepDocument[] = []
  for (const summary of own.sweeps) {
    if (seen.has(key(summary)) || summary.isPreview) continue
    const sweep = await own.readSweep(summary.id)
    if (!areOverSources([...compared, sweep])) continue
    seen.add(key(summary))
    found.push(sweep)
  }
  return found
}

/** Starts the next sweep, and after it the full-answer check if the window asks for one. */
async function startSweep(
  { sweeps, checks }: Routing['jobs'],
  pair: ProjectPair,
  { fresh, preview, check }: { fresh: boolean; preview: boolean; check: boolean }
): Promise<{ sweepId: string }> {
  const sweep = await sweeps.start(pair, { fresh, preview })
  if (check) void checks.startAfter(pair, sweep)
  return { sweepId: sweep.id }
}

/** Sweeps of all ranges, and what is asked of a stored one. */
export function sweepRoutes({ jobs, withPair }: Routing) {
  const { sweeps } = route
  return sweeps.router({
    start: sweeps.start.use(withPair).handler(({ context: { own }, input }) => startSweep(jobs, own, input)),
    known: sweeps.known.use(withPair).handler(({ context }) => jobs.sweeps.knownOfNext(context.own)),
    plan: sweeps.plan
      .use(withPair)
      .handler(({ context: { own }, input: { preview }, signal }) =>
        jobs.questions.planSweep(own, preview, signal)
      ),
    lookAt: sweeps.lookAt
      .use(withPair)
      .handler(({ context: { own }, input: { range } }) => jobs.sweeps.lookAt(own, range)),
    watch: sweeps.watch.use(withPair).handler(watching(jobs.sweeps.table)),
    cancel: sweeps.cancel.use(withPair).handler(cancelling(jobs.sweeps.table)),
    get: sweeps.get.use(withPair).handler(({ context: { own }, input }) => own.readShownSweep(input.sweepId)),
    scores: sweeps.scores.use(withPair).handler(async ({ context: { own }, input: { sweepId, model } }) => {
      const scores = (await own.readPromptScores(sweepId, model)) ?? (await foundScores(own, sweepId, model))
      if (scores !== undefined) return scores
      throw new WorkbenchError('not-found', `The sweep ${sweepId} scored no model of the key ${model}.`)
    }),
    select: sweeps.select.use(withPair).handler(async ({ context: { own }, input: { sweepId, rho } }) => {
      const check = await own.readAnswerCheck(sweepId)
      const stored = check === null ? (await own.readShownSweep(sweepId)).selection : null
      if (stored?.rho === rho) return stored
      const sweep = await own.readSweep(sweepId)
      const selection = await runCooperatively(checkedSelection(sweep, check, rho))
      if (selection !== null) return selection
      throw new WorkbenchError('bad-input', `The sweep ${sweepId} scored no ranges to select from.`)
    }),
    whatIf: sweeps.whatIf.use(withPair).handler(async ({ context: { own }, input: { sweepId, asked } }) => {
      const check = await own.readAnswerCheck(sweepId)
      const { sweep, selection } = await runCooperatively(
        askWhatIf(await own.readSweep(sweepId), check, asked)
      )
      return { sweep: await runCooperatively(shownSweepInSteps(sweep)), selection }
    }),
    compare: sweeps.compare
      .use(withPair)
      .handler(async ({ context: { project, own }, input: { sweepId, other, rho }, signal }) => {
        const read = async (of: ProjectPair, id: string) => ({
          sweep: await of.readSweep(id),
          check: await of.readAnswerCheck(id)
        })
        const theirs = await read(project.pair(other.pair), other.sweepId)
        const ours = await read(own, sweepId)
        const others = await otherSources(own, [ours.sweep, theirs.sweep])
        const options = { rho, others, ...(signal === undefined ? {} : { signal }) }
        return compareSweeps(ours, theirs, options)
      }),
    scoreRecipe: sweeps.scoreRecipe
      .use(withPair)
      .handler(({ context: { own }, input: { sweepId, recipe }, signal }) =>
        jobs.sweeps.scoreRecipe(own, sweepId, recipe, signal)
      )
  })
}
