import type { ProjectState } from '../../contract/documents/project'
import { bytesFromText } from '../../contract/model/bytes'
import type { SweepPlan } from '../../contract/documents/sweep-plan'
import { complaintOf, type Complaint } from '../ui/complaint'
import { Latest } from '../app/latest.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** Planning tries out how fast this machine is: it waits until whoever changes something has done so. */
const REST_MS = 500

/** What a project's next sweep depends on, as text. */
export function sweepKey({ path, pair, document, prompts, saved }: ProjectState): string {
  const { scoredBy, source, soupSize, device, memoryBytes } = document.settings
  return JSON.stringify([
    path,
    pair?.base.fingerprint,
    pair?.post.fingerprint,
    prompts,
    document.rendering,
    document.recipes.map(({ recipe }) => recipe),
    document.otherCheckpoints,
    scoredBy,
    saved.tasks,
    source,
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
  /** What stands in the memory field while it is not what the project has. */
  memoryTyped = $state<string | null>(null)
  /** It is no size: a sweep would run with another bound than the user sees. */
  readonly memoryRefused = $derived(
    this.memoryTyped !== null && this.memoryTyped.trim() !== '' && bytesFromText(this.memoryTyped) === null
  )
  private readonly asked: Latest<string>
  readonly working = $derived.by(() => this.asked.awaited !== null)

  /** See {@link sweepKey}. */
  private plannedFor: string | null = null

  /** @param ranges that say how much is known of the next sweep */
  constructor(
    private readonly project: OpenProject,
    private readonly ranges: { lookForKnown(): Promise<void> }
  ) {
    this.asked = new Latest(project.left)
  }

  /**
   * Plans again when something has changed.
   *
   * @param what see {@link sweepKey}; null while there is nothing to plan, or the engine has other work, after
   *   which less may be left to compute
   */
  want(what: string | null): void {
    if (what === this.plannedFor) return
    this.plannedFor = what
    if (what === null) this.asked.drop()
    else void this.ask(what)
  }

  private async ask(what: string): Promise<void> {
    const { here, client } = this.project
    try {
      const planned = await this.asked.ask(
        what,
        async (signal) => {
          // What is known may be another part of what is asked for now.
          await this.ranges.lookForKnown()
          return client.sweeps.plan(here, { signal })
        },
        REST_MS
      )
      if (planned === null) return
      this.plan = planned.answer
      this.failure = null
    } catch (error) {
      this.plan = null
      const complaint = complaintOf(error)
      // A job that another window has started comes first.
      this.failure = complaint.code === 'busy' || complaint.code === 'cancelled' ? null : complaint
    }
  }
}
