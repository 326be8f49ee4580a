import { type Complaint, complaintOf } from '../ui/complaint'
import { Latest } from './latest.svelte'

/** Milliseconds without a change before planning starts. Planning times one block on this machine. */
const PAUSE_MS = 500

/** The plan of a job: its work, memory and time. It is requested again when something that it depends on changes. */
export abstract class PlanRequest<Plan> {
  /** The plan; null while it is unknown, and if nothing is left to compute. */
  plan = $state.raw<Plan | null>(null)
  failure = $state.raw<Complaint | null>(null)
  readonly working = $derived.by(() => this.latest.awaited !== null)
  private readonly latest = new Latest<string>(() => this.left)
  private plannedFor: string | null = null

  protected constructor(private readonly left: AbortSignal) {}

  protected abstract request(signal: AbortSignal): Promise<Plan | null>

  /**
   * Plans again if the key has changed.
   *
   * @param key text that differs whenever the plan may differ; null for no plan, such as during a job whose results the
   *   plan will reuse
   */
  planFor(key: string | null): void {
    if (key === this.plannedFor) return
    this.plannedFor = key
    if (key === null) this.latest.drop()
    else void this.ask(key)
  }

  private async ask(key: string): Promise<void> {
    try {
      const planned = await this.latest.ask(key, (signal) => this.request(signal), PAUSE_MS)
      if (planned === null) return
      this.plan = planned.answer
      this.failure = null
    } catch (error) {
      this.plan = null
      const complaint = complaintOf(error)
      // No failure is shown if a job of another window prevents the plan, or if the connection is lost.
      this.failure = ['busy', 'cancelled', 'lost'].includes(complaint.code) ? null : complaint
    }
  }
}
