import { z } from 'zod'
import { formatDuration } from '../ui/format'
import type { OpenProject } from '../app/open-project.svelte'

const Speeds = z.record(z.string(), z.number().positive())
const STORED_AS = 'tokens a second'

function stored(): z.infer<typeof Speeds> {
  try {
    return Speeds.parse(JSON.parse(localStorage.getItem(STORED_AS) ?? '{}'))
  } catch {
    return {}
  }
}

/** How fast the last run of each pair and device has generated, from which a run tells its time before it starts. */
export class GenerationSpeed {
  /** Tokens a second. */
  private known = $state.raw(stored())

  constructor(private readonly project: OpenProject) {}

  /** Remembers what a run has reached. */
  heard(device: string, tokensPerSecond: number | null): void {
    if (tokensPerSecond === null || tokensPerSecond <= 0) return
    this.known = { ...this.known, [this.keyOf(device)]: tokensPerSecond }
    try {
      localStorage.setItem(STORED_AS, JSON.stringify(this.known))
    } catch {
      // A full or forbidden store: known until the page is left.
    }
  }

  /** How long so many answers can take, in words. */
  most(device: string, maxTokens: number, answers: number): string {
    const speed = this.known[this.keyOf(device)]
    return speed === undefined
      ? 'time not known before a first run'
      : `at most ${formatDuration((answers * maxTokens) / speed)} at the last run’s speed`
  }

  private keyOf(device: string): string {
    return `${this.project.state.pair?.post.fingerprint ?? ''} ${device}`
  }
}
