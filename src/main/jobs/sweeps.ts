import type { RecipeScore } from '../../contract/documents/crc'
import { newestFullSweep } from '../../contract/documents/default-sweep'
import type { SweepSummary } from '../../contract/documents/project'
import type { Recipe, RestorationRange } from '../../contract/model/recipe'
import type { SweepEvent, SweepProgress } from '../../contract/documents/sweep-events'
import type { SweepSettings } from '../../contract/work/settings'
import { NOTHING_DONE } from '../crc/sweep/compute-sweep'
import type { StoredShare } from '../crc/sweep/crc-sweep'
import { openPair } from '../checkpoint/pair'
import { prepareSweep } from '../crc/sweep/prepare-sweep'
import { scoreRecipes, withRecipeScore } from '../crc/sweep/score-recipes'
import { unlessCancelled } from '../base/files/cancelling'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { settingsKey } from '../project/documents/settings-key'
import type { Devices } from '../work/devices'
import { SweepWork } from '../work/sweep'
import { projectContext } from '../work/work-context'
import type { Job, JobFailure } from './job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createProgressJob } from './progress-job'
import { createSweepJob, type SweepJob } from './sweep-job'

type RecipeScoreEvent = { type: 'progress'; progress: SweepProgress } | { type: 'scored'; score: RecipeScore }

/** Jobs that sweep the ranges of a pair, or score one recipe on the prompts of a stored sweep. */
export class Sweeps {
  readonly table: JobTable<SweepEvent>
  private readonly recipeScores: JobTable<RecipeScoreEvent | JobFailure>
  /** The range that the user looks at during a preview. */
  private readonly viewedRange = new WeakMap<ProjectPair, RestorationRange>()

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('sweep')
    this.recipeScores = context.turns.jobs('recipe score')
  }

  /** Starts the sweep of all ranges and kept recipes. @param options.fresh true ignores earlier results */
  start(
    pair: ProjectPair,
    { fresh, preview }: { fresh: boolean; preview: boolean },
    stopped?: AbortSignal
  ): Promise<SweepJob> {
    const { engine, devices, turns, publish } = this.context
    const prepare = async (signal: AbortSignal): Promise<SweepJob> => {
      // The last viewed range belongs to an earlier sweep.
      this.viewedRange.delete(pair)
      const viewedRange = (): RestorationRange | null => this.viewedRange.get(pair) ?? null
      const sweep = await unlessCancelled(signal, 'The sweep', openNextSweep(pair, devices, { fresh, preview }))
      const { base, post } = sweep.request
      const { layerCount } = (await openPair(base, post)).post.spec
      return createSweepJob({ engine: engine.client(), sweep, layerCount, viewedRange, publish })
    }
    return turns.start(pair, this.table, 'A sweep', prepare, stopped)
  }

  /** Has a running preview score this range on all prompts next, if its amount of work allows. */
  prioritize(pair: ProjectPair, range: RestorationRange): void {
    this.viewedRange.set(pair, range)
  }

  /** Returns the share of the next sweep that an interrupted or earlier sweep has already computed. */
  async storedShareOfNext(pair: ProjectPair): Promise<StoredShare> {
    const share = await (await openNextSweep(pair, this.context.devices)).computedShare()
    if (share === null) throw new Error('a project keeps no partial sweeps')
    return share
  }

  /** Finds the newest full sweep with the settings of the next one; null for none. */
  async fullSweepLikeNext(pair: ProjectPair): Promise<SweepSummary | null> {
    // Without a full sweep the answer is known, and prompts need not be rendered.
    if (pair.sweeps.every(({ isPreview }) => isPreview)) return null
    const { request } = await openNextSweep(pair, this.context.devices)
    const prepared = await prepareSweep(request, await openPair(request.base, request.post))
    const { base, post } = prepared.identity
    return newestFullSweep(pair.sweeps, settingsKey({ ...prepared, base, post, hasRanges: true })) ?? null
  }

  /** Scores a recipe on a stored sweep's prompts, and adds the score to the sweep. The work ends with its stream. */
  async *scoreRecipe(
    pair: ProjectPair,
    sweepId: string,
    recipe: Recipe,
    signal?: AbortSignal
  ): AsyncGenerator<RecipeScoreEvent> {
    const create = (): Job<RecipeScoreEvent, RecipeScoreEvent> =>
      createProgressJob<RecipeScoreEvent>({
        name: 'the scoring of a recipe',
        first: { type: 'progress', progress: NOTHING_DONE },
        run: async (report, cancelled) => {
          const sweep = await pair.readSweep(sweepId)
          const { recipes } = await scoreRecipes(
            this.context.engine.client(),
            { pair: pairPaths(pair.document.location), sweep, recipes: [recipe] },
            cancelled,
            (progress) => report({ type: 'progress', progress })
          )
          const [score] = recipes
          if (score === undefined) throw new Error('a sweep of one recipe scored none')
          await pair.saveSweep({ ...sweep, recipes: withRecipeScore(sweep.recipes, score) })
          return { type: 'scored', score }
        }
      })
    yield* this.context.turns.stream(pair, 'A score', this.recipeScores, create, signal)
  }
}

/** Settings of every sweep from the window. What-if values are scores under other temperatures and min-p. */
const WINDOW_SETTINGS: SweepSettings = { whatIf: true }

/** Prepares the next sweep of a project's pair. @throws WorkbenchError as `SweepWork.open` */
export const openNextSweep = (
  pair: ProjectPair,
  devices: Devices,
  { fresh = false, preview = false } = {}
): Promise<SweepWork> => SweepWork.open({ ...WINDOW_SETTINGS, preview }, projectContext(pair), devices, { fresh })
