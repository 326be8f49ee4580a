import { z } from 'zod'
import type { Computing, SampleProgress } from '../../contract/documents/samples'
import { formatDuration } from '../ui/format'
import type { OpenProject } from '../app/open-project.svelte'

const Speed = z.object({ tokensPerSecond: z.number().positive(), secondsPerAnswer: z.number().positive() })
type Speed = z.infer<typeof Speed>
const Speeds = z.record(z.string(), Speed)
const STORED_AS = 'speeds of answers'

/** Few answers are few side by side, and mostly the start of the run: they are far slower, each, than many. */
const LEAST_ANSWERS = 64

type Told = Pick<SampleProgress, 'samplesDone' | 'tokensPerSecond'>

/**
 * How fast one run generates, over all of it: it tells of its speed for one group of variants after the other, and a small group,
 * such as that of a baseline at the end, is far slower than the rest.
 */
export class RunSpeed {
  private last: number | null = null
  private answers = 0
  /** What the answers would have taken with one token each. */
  private seconds = 0
  /** When it was last known to have no answer yet, and when the last one came. */
  private beganMs = 0
  private lastMs = 0

  /** Hears how far the run is; answers that were there before it was first heard of are not its own. */
  heard({ samplesDone, tokensPerSecond }: Told, nowMs = performance.now()): void {
    const more = this.last === null ? 0 : samplesDone - this.last
    this.last = samplesDone
    if (more <= 0) {
      if (this.answers === 0) this.beganMs = nowMs
      return
    }
    if (tokensPerSecond === null || tokensPerSecond <= 0) return
    this.answers += more
    this.seconds += more / tokensPerSecond
    this.lastMs = nowMs
  }

  /** Null where the run was too small to reach what others do. */
  get speed(): Speed | null {
    const seconds = (this.lastMs - this.beganMs) / 1000
    if (this.answers < LEAST_ANSWERS || seconds <= 0) return null
    return { tokensPerSecond: this.answers / this.seconds, secondsPerAnswer: seconds / this.answers }
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
  private known = $state.raw(stored())

  constructor(private readonly project: OpenProject) {}

  /** Remembers how fast a run was, where that says something. */
  ran(computing: Computing, { speed }: RunSpeed): void {
    if (speed === null) return
    this.known = { ...this.known, [this.keyOf(computing)]: speed }
    try {
      localStorage.setItem(STORED_AS, JSON.stringify(this.known))
    } catch {
      // A full or forbidden store: known until the page is left.
    }
  }

  /** How long so many answers take: as the last run's, most of which end long before their last token may come, and at most. */
  most(computing: Computing, maxTokens: number, answers: number): string {
    const speed = this.known[this.keyOf(computing)]
    if (speed === undefined) return `time not known before a run of ${LEAST_ANSWERS} answers`
    const most = (answers * maxTokens) / speed.tokensPerSecond
    const about = Math.min(most, answers * speed.secondsPerAnswer)
    return `about ${formatDuration(about)} with answers as long as the last run’s, at most ${formatDuration(most)}`
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
