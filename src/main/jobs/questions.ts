import type { ProbeEvent } from '../../contract/procedures/probe'
import type { SweepPlan } from '../../contract/documents/sweep-plan'
import { computingPlace } from '../work/computing-place'
import { probeRecipe, type NextTokenRequest } from '../work/next-token'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import type { JobContext } from './job-context'
import { openNextSweep } from './sweeps'

/** Short questions to the engine. Any job that starts ends them. */
export class EngineQuestions {
  constructor(private readonly context: JobContext) {}

  /**
   * Plans the computation of the next sweep that no earlier sweep has done; null if nothing is left.
   *
   * @param preview true to plan a preview of the sweep too.
   * @throws WorkbenchError as the sweep would; `busy` while a job of the project runs; `cancelled` when one starts.
   */
  async planSweep(pair: ProjectPair, preview: boolean, signal?: AbortSignal): Promise<SweepPlan | null> {
    const { engine, devices, turns } = this.context
    const question = turns.ask(pair, signal)
    try {
      const sweep = await openNextSweep(pair, devices, { preview })
      return await sweep.plan(engine.client(), question.signal)
    } finally {
      question.over()
    }
  }

  /**
   * Streams the next tokens of post, a recipe and base after a prompt.
   *
   * @throws WorkbenchError as `probeRecipe`; `busy` while a job of the project runs; `cancelled` when one starts
   */
  async *probe(
    pair: ProjectPair,
    asked: Pick<NextTokenRequest, 'recipe' | 'prompt' | 'top'>,
    signal?: AbortSignal
  ): AsyncGenerator<ProbeEvent> {
    const { engine, devices, turns } = this.context
    const question = turns.ask(pair, signal)
    try {
      const { location, rendering, settings } = pair.document
      const folders = pairPaths(location)
      const place = await computingPlace({}, settings)
      const device = await devices.choose(place.device, folders.base)
      const request = { ...folders, ...asked, rendering, device }
      yield* probeRecipe(engine.client(), request, question.signal)
    } finally {
      question.over()
    }
  }
}
