import { z } from 'zod'
import type { SampleProgress } from '../../contract/documents/samples'
import { formatDuration } from '../ui/format'
import type { OpenProject } from '../app/open-project.svelte'

const Speeds = z.record(z.string(), z.number().positive())
const STORED_AS = 'tokens a second'

/** Few answers are few side by side, and mostly the start of the run: they are far slower, each, than many. */
const LEAST_ANSWERS = 64

/** How far a run was when it last told of its speed. */
export type Reached = Pick<SampleProgress, 'samplesDone' | 'tokensPerSecond'>

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

  /** Remembers what a run has reached, unless it was too small to reach what others do. @param reached null where it has not generated */
  heard(device: string, reached: Reached | null): void {
    const { samplesDone = 0, tokensPerSecond = null } = reached ?? {}
    if (samplesDone < LEAST_ANSWERS || tokensPerSecond === null || tokensPerSecond <= 0) return
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
      ? `time not known before a run of ${LEAST_ANSWERS} answers`
      : `at most ${formatDuration((answers * maxTokens) / speed)} at the last run’s speed`
  }

  private keyOf(device: string): string {
    return `${this.project.state.pair?.post.fingerprint ?? ''} ${device}`
  }
}
