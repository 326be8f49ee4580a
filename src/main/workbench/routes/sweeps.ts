import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import { shownSweepInSteps } from '../../../contract/documents/shown-sweep'
import { weightsKey } from '../../../contract/model/model'
import { inputError, notFoundError } from '../../../contract/model/problem'
import { runCooperatively } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { askWhatIf } from '../../crc/check/ask-what-if'
import { areOverSources } from '../../crc/selection/best-over-sources'
import { compareSweeps } from '../../measures/compare-sweeps'
import type { ProjectPair } from '../../project/pair/project-pair'
import { cancelHandler, route, type Routing, watchHandler } from './route'

/** Returns the scores of a model that a search from this sweep has found, from the latest search. */
async function foundScores(pair: ProjectPair, sweepId: string, model: string): Promise<PromptScore[] | undefined> {
  for (const { id } of pair.searches.filter((search) => search.sweepId === sweepId)) {
    const search = await pair.readSearch(sweepId, id)
    const candidate = search?.found.find(({ recipe }) => weightsKey({ kind: 'recipe', recipe }) === model)
    if (candidate !== undefined) return candidate.prompts
  }
  return undefined
}

/**
 * Finds the newest sweep of each other source, if the two compared sweeps differ in the source of restored layers only.
 * The comparison then ranks all sources.
 */
async function otherSources(
  pair: ProjectPair,
  compared: readonly [SweepDocument, SweepDocument]
): Promise<SweepDocument[]> {
  if (!areOverSources(compared)) return []
  const sourceKey = ({ source }: Pick<SweepDocument, 'source'>): string | null => source?.fingerprint ?? null
  const seenSources = new Set(compared.map(sourceKey))
  const sweeps: SweepDocument[] = []
  for (const summary of pair.sweeps) {
    if (seenSources.has(sourceKey(summary)) || summary.isPreview) continue
    const sweep = await pair.readSweep(summary.id)
    if (!areOverSources([...compared, sweep])) continue
    seenSources.add(sourceKey(summary))
    sweeps.push(sweep)
  }
  return sweeps
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

const readChecked = async (pair: ProjectPair, sweepId: string) => ({
  sweep: await pair.readSweep(sweepId),
  check: await pair.readAnswerCheck(sweepId)
})

export function sweepRoutes({ jobs, withPair }: Routing) {
  const { sweeps } = route
  return sweeps.router({
    start: sweeps.start.use(withPair).handler(({ context: { pair }, input }) => startSweep(jobs, pair, input)),
    known: sweeps.known.use(withPair).handler(({ context }) => jobs.sweeps.storedShareOfNext(context.pair)),
    plan: sweeps.plan
      .use(withPair)
      .handler(({ context: { pair }, input: { preview }, signal }) => jobs.questions.planSweep(pair, preview, signal)),
    prioritize: sweeps.prioritize
      .use(withPair)
      .handler(({ context: { pair }, input: { range } }) => jobs.sweeps.prioritize(pair, range)),
    watch: sweeps.watch.use(withPair).handler(watchHandler(jobs.sweeps.table)),
    cancel: sweeps.cancel.use(withPair).handler(cancelHandler(jobs.sweeps.table)),
    get: sweeps.get.use(withPair).handler(({ context: { pair }, input }) => pair.readShownSweep(input.sweepId)),
    scores: sweeps.scores.use(withPair).handler(async ({ context: { pair }, input: { sweepId, model } }) => {
      const scores = (await pair.readPromptScores(sweepId, model)) ?? (await foundScores(pair, sweepId, model))
      if (scores !== undefined) return scores
      throw notFoundError(`The sweep ${sweepId} scored no model of the key ${model}.`)
    }),
    select: sweeps.select.use(withPair).handler(async ({ context: { pair }, input: { sweepId, rho } }) => {
      const check = await pair.readAnswerCheck(sweepId)
      // Without a check, the stored selection is still right for its own limit.
      const stored = check === null ? (await pair.readShownSweep(sweepId)).selection : null
      if (stored?.rho === rho) return stored
      const sweep = await pair.readSweep(sweepId)
      const selection = await runCooperatively(checkedSelection(sweep, check, rho))
      if (selection !== null) return selection
      throw inputError(`The sweep ${sweepId} scored no ranges to select from.`)
    }),
    whatIf: sweeps.whatIf.use(withPair).handler(async ({ context: { pair }, input: { sweepId, asked } }) => {
      const check = await pair.readAnswerCheck(sweepId)
      const { sweep, selection } = await runCooperatively(askWhatIf(await pair.readSweep(sweepId), check, asked))
      return { sweep: await runCooperatively(shownSweepInSteps(sweep)), selection }
    }),
    compare: sweeps.compare
      .use(withPair)
      .handler(async ({ context: { project, pair }, input: { sweepId, other, rho }, signal }) => {
        const theirs = await readChecked(project.pair(other.pair), other.sweepId)
        const ours = await readChecked(pair, sweepId)
        const others = await otherSources(pair, [ours.sweep, theirs.sweep])
        const options = { rho, others, ...(signal === undefined ? {} : { signal }) }
        return compareSweeps(ours, theirs, options)
      }),
    scoreRecipe: sweeps.scoreRecipe
      .use(withPair)
      .handler(({ context: { pair }, input: { sweepId, recipe }, signal }) =>
        jobs.sweeps.scoreRecipe(pair, sweepId, recipe, signal)
      )
  })
}
