import type { ProjectState } from '../../contract/project'
import type { SweepPlan } from '../../contract/sweep-plan'
import { complaintOf, type Complaint } from '../connection'
import type { Workbench } from './workbench.svelte'

/** Planning tries out how fast this machine is: it waits until whoever changes something has done so. */
const REST_MS = 500

/** What a project's next sweep depends on, as text. */
export function sweepKey({ path, pair, document, prompts }: ProjectState): string {
  const { soupSize, device, memoryBytes } = document.settings
  return JSON.stringify([
    path,
    pair?.base.fingerprint,
    pair?.post.fingerprint,
    prompts,
    document.rendering,
    document.recipes.map(({ recipe }) => recipe),
    document.otherCheckpoints,
    soupSize,
    device,
    memoryBytes
  ])
}

/** What the next sweep would do, take and last. */
export class SweepPlanning {
  /** Null while that is not known, or when nothing is left to compute. */
  plan = $state.raw<SweepPlan | null>(null)
  /** Why the sweep cannot be done so. */
  failure = $state.raw<Complaint | null>(null)
  working = $state(false)

  /** See {@link sweepKey}. */
  private plannedFor: string | null = null
  private stop = new AbortController()

  constructor(private readonly workbench: Workbench) {}

  reset(): void {
    this.stop.abort()
    this.plannedFor = null
    this.plan = null
    this.failure = null
    this.working = false
  }

  /**
   * Plans again when something has changed.
   *
   * @param what see {@link sweepKey}; null while there is nothing to plan, or the engine has other work, after
   *   which less may be left to compute
   */
  want(what: string | null): void {
    if (what === this.plannedFor) return
    this.stop.abort()
    this.stop = new AbortController()
    this.plannedFor = what
    this.working = what !== null
    if (what !== null) void this.ask(this.stop.signal)
  }

  private async ask(signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, REST_MS))
    const path = this.workbench.project?.path
    if (signal.aborted || path === undefined) return
    try {
      // What is known may be another part of what is asked for now.
      await this.workbench.ranges.lookForKnown()
      const plan = await this.workbench.client.sweeps.plan({ path }, { signal })
      if (signal.aborted) return
      this.plan = plan
      this.failure = null
    } catch (error) {
      if (signal.aborted) return
      this.plan = null
      const complaint = complaintOf(error)
      // A job that another window has started comes first.
      this.failure = complaint.code === 'busy' || complaint.code === 'cancelled' ? null : complaint
    }
    this.working = false
  }
}
