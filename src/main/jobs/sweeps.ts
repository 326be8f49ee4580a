import type { RecipeScore } from '../../contract/documents/crc'
import { newestFullSweep } from '../../contract/documents/answering-sweep'
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
import { projectPlace } from '../work/work-place'
import type { Job, JobFailure } from './job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createProgressJob } from './progress-job'
import { createSweepJob, type SweepJob } from './sweep-job'

export type RecipeScoreEvent =
  { type: 'progress'; progress: SweepProgress } | { type: 'scored'; score: RecipeScore }

/** Sweeps of open projects, and the scoring of single recipes. */
export class Sweeps {
  readonly table: JobTable<SweepEvent>
  private readonly recipeScores: JobTable<RecipeScoreEvent | JobFailure>
  private readonly lookedAt = new WeakMap<ProjectPair, RestorationRange>()

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('sweep')
    this.recipeScores = context.turns.jobs('recipe score')
  }

  /**
   * Starts the sweep of all ranges and kept recipes.
   *
   * @param options.fresh computes everything, whatever an interrupted or the last sweep has computed
   * @param options.preview scores ranges that cannot be selected on a few prompts only
   *
   * @param stopped stops it at any moment
   * @throws WorkbenchError as `JobTurns.start`
   */
  start(
    own: ProjectPair,
    { fresh, preview }: { fresh: boolean; preview: boolean },
    stopped?: AbortSignal
  ): Promise<SweepJob> {
    const { engine, devices, turns, tell } = this.context
    const prepare = async (signal: AbortSignal): Promise<SweepJob> => {
      // What was looked at before is of another sweep.
      this.lookedAt.delete(own)
      const lookedAt = (): RestorationRange | null => this.lookedAt.get(own) ?? null
      const sweep = await unlessCancelled(
        signal,
        'The sweep',
        openNextSweep(own, devices, { fresh, preview })
      )
      return createSweepJob({ engine: engine.client(), sweep, lookedAt, tell })
    }
    return turns.start(own, this.table, 'A sweep', prepare, stopped)
  }

  /** Has a preview score this range on all prompts next, where its work allows. */
  lookAt(own: ProjectPair, range: RestorationRange): void {
    this.lookedAt.set(own, range)
  }

  /** How many prompts of the next sweep an interrupted or the last sweep has computed. @throws WorkbenchError as the sweep would */
  async knownOfNext(own: ProjectPair): Promise<StoredShare> {
    const known = await (await openNextSweep(own, this.context.devices)).known()
    if (known === null) throw new Error('a project keeps no partial sweeps')
    return known
  }

  /** The newest whole sweep of what the next one asks, as its list has it; null where there is none. @throws WorkbenchError as the sweep would */
  async wholeOfNext(own: ProjectPair): Promise<SweepSummary | null> {
    // Without one nothing has to be rendered to know.
    if (own.sweeps.every(({ isPreview }) => isPreview)) return null
    const { request } = await openNextSweep(own, this.context.devices)
    const prepared = await prepareSweep(request, await openPair(request.base, request.post))
    const { base, post } = prepared.identity
    return newestFullSweep(own.sweeps, settingsKey({ ...prepared, base, post, hasRanges: true })) ?? null
  }

  /**
   * Scores one recipe as a sweep scored its ranges, and adds it to that sweep, in place of one of the same name. The work
   * ends with its stream.
   *
   * @throws WorkbenchError as `JobTurns.start`, and as `scoreRecipes`
   */
  async *scoreRecipe(
    own: ProjectPair,
    sweepId: string,
    recipe: Recipe,
    signal?: AbortSignal
  ): AsyncGenerator<RecipeScoreEvent> {
    const create = (): Job<RecipeScoreEvent, RecipeScoreEvent> =>
      createProgressJob<RecipeScoreEvent>({
        name: 'the scoring of a recipe',
        first: { type: 'progress', progress: NOTHING_DONE },
        run: async (report, cancelled) => {
          const sweep = await own.readSweep(sweepId)
          const pair = pairPaths(own.document.location)
          const { recipes } = await scoreRecipes(
            this.context.engine.client(),
            pair,
            sweep,
            [recipe],
            cancelled,
            (progress) => report({ type: 'progress', progress })
          )
          const [score] = recipes
          if (score === undefined) throw new Error('a sweep of one recipe scored none')
          await own.saveSweep({ ...sweep, recipes: withRecipeScore(sweep.recipes, score) })
          return { type: 'scored', score }
        }
      })
    yield* this.context.turns.stream(own, 'A score', this.recipeScores, create, signal)
  }
}

/** Settings of the window's sweeps. All else is as the project has it. */
const WINDOW_SETTINGS: SweepSettings = { whatIf: true }

/** Prepares the next sweep of a project's pair. @throws WorkbenchError as `SweepWork.open` */
export const openNextSweep = (
  pair: ProjectPair,
  devices: Devices,
  { fresh = false, preview = false } = {}
): Promise<SweepWork> =>
  SweepWork.open({ ...WINDOW_SETTINGS, preview }, projectPlace(pair), devices, { fresh })
