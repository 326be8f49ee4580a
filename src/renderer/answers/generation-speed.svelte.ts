import { z } from 'zod'
import type { Computing, SampleProgress } from '../../contract/documents/samples'
import { formatDuration } from '../ui/format'
import type { OpenProject } from '../app/open-project.svelte'

const Speeds = z.record(z.string(), z.number().positive())
const STORED_AS = 'tokens a second'

/** Few answers are few side by side, and mostly the start of the run: they are far slower, each, than many. */
const LEAST_ANSWERS = 64

type Told = Pick<SampleProgress, 'samplesDone' | 'tokensPerSecond'>

/**
 * How fast one run generates, over all of it: it tells of its speed for one group of variants after the other, and a small group,
 * such as that of a rival at the end, is far slower than the rest.
 */
export class RunSpeed {
  private last: number | null = null
  private answers = 0
  /** What the answers would have taken with one token each. */
  private seconds = 0

  /** Hears how far the run is; answers that were there before it was first heard of are not its own. */
  heard({ samplesDone, tokensPerSecond }: Told): void {
    const more = this.last === null ? 0 : samplesDone - this.last
    this.last = samplesDone
    if (more <= 0 || tokensPerSecond === null || tokensPerSecond <= 0) return
    this.answers += more
    this.seconds += more / tokensPerSecond
  }

  /** Tokens a second; null where the run was too small to reach what others do. */
  get tokensPerSecond(): number | null {
    return this.answers < LEAST_ANSWERS ? null : this.answers / this.seconds
  }
}

function stored(): z.infer<typeof Speeds> {
  try {
    return Speeds.parse(JSON.parse(localStorage.getItem(STORED_AS) ?? '{}'))
  } catch {
    return {}
  }
}

/** How fast the last run of each pair, device and kind of numbers has generated, from which a run tells its time before it starts. */
export class GenerationSpeed {
  /** Tokens a second. */
  private known = $state.raw(stored())

  constructor(private readonly project: OpenProject) {}

  /** Remembers how fast a run was, where that says something. */
  ran(computing: Computing, { tokensPerSecond }: RunSpeed): void {
    if (tokensPerSecond === null) return
    this.known = { ...this.known, [this.keyOf(computing)]: tokensPerSecond }
    try {
      localStorage.setItem(STORED_AS, JSON.stringify(this.known))
    } catch {
      // A full or forbidden store: known until the page is left.
    }
  }

  /** How long so many answers can take, in words. */
  most(computing: Computing, maxTokens: number, answers: number): string {
    const speed = this.known[this.keyOf(computing)]
    return speed === undefined
      ? `time not known before a run of ${LEAST_ANSWERS} answers`
      : `at most ${formatDuration((answers * maxTokens) / speed)} at the last run’s speed`
  }

  private keyOf({ device, precision, weights }: Computing): string {
    return [
      this.project.state.pair?.post.fingerprint ?? '',
      device,
      precision ?? 'auto',
      weights ?? 'auto'
    ].join(' ')
  }
}
