import type { ProbeEvent } from '../../contract/procedures/probe'
import type { SweepPlan } from '../../contract/documents/sweep-plan'
import { probeRecipe, type ProbeRequest } from './next-token'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import type { JobContext } from './job-context'
import { openNextSweep } from './sweeps'

/** Short questions to the engine, which make way for any job. */
export class Questions {
  constructor(private readonly context: JobContext) {}

  /**
   * What the next sweep would do, as far as it is not known already; null when there is nothing left to compute.
   *
   * @param preview whether to tell what a preview of it would take, too
   * @throws WorkbenchError as the sweep would; `busy` while a job of the project runs; `cancelled` when one starts
   */
  async planSweep(own: ProjectPair, preview: boolean, signal?: AbortSignal): Promise<SweepPlan | null> {
    const { engine, devices, turns } = this.context
    const question = turns.ask(own, signal)
    try {
      const sweep = await openNextSweep(own, devices, { preview })
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
    own: ProjectPair,
    asked: Pick<ProbeRequest, 'recipe' | 'prompt' | 'top'>,
    signal?: AbortSignal
  ): AsyncGenerator<ProbeEvent> {
    const { engine, devices, turns } = this.context
    const question = turns.ask(own, signal)
    try {
      const { location, rendering, settings } = own.document
      const folders = pairPaths(location)
      const device = await devices.choose(settings.device, folders.post)
      const request = { ...folders, ...asked, rendering, device }
      yield* probeRecipe(engine.client(), request, question.signal)
    } finally {
      question.over()
    }
  }
}
