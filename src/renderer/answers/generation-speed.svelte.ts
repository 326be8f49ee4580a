import { z } from 'zod'
import type { Computing, SampleProgress } from '../../contract/documents/samples'
import { readStoredJson, storeText } from '../ui/browser-storage'
import { formatDuration } from '../ui/format'
import type { OpenProject } from '../app/open-project.svelte'

const Speed = z.object({ tokensPerSecond: z.number().positive(), secondsPerAnswer: z.number().positive() })
type Speed = z.infer<typeof Speed>
const Speeds = z.record(z.string(), Speed)
const STORED_AS = 'speeds of answers'

/** Minimum number of answers to measure a speed. With fewer, too few are generated at once, and each takes longer. */
const MIN_ANSWERS = 64

type Progress = Pick<SampleProgress, 'samplesDone' | 'tokensPerSecond'>

/**
 * Measures the speed of one run over all its groups of variants. A small group, such as a baseline's at the end, is far
 * slower than the others.
 */
export class RunSpeed {
  private last: number | null = null
  private answers = 0
  /** Seconds for one token of each counted answer, at the speeds reported when the answers arrived. */
  private secondsPerToken = 0
  /** Times of the last report before any counted answer, and of the last with one, in milliseconds. */
  private beganMs = 0
  private lastMs = 0

  /** Adds a progress report. Answers before the first report do not count. */
  update({ samplesDone, tokensPerSecond }: Progress, nowMs = performance.now()): void {
    const more = this.last === null ? 0 : samplesDone - this.last
    this.last = samplesDone
    if (more <= 0) {
      if (this.answers === 0) this.beganMs = nowMs
      return
    }
    if (tokensPerSecond === null || tokensPerSecond <= 0) return
    this.answers += more
    this.secondsPerToken += more / tokensPerSecond
    this.lastMs = nowMs
  }

  /** Speed of the run; null if it had too few answers. */
  get speed(): Speed | null {
    const seconds = (this.lastMs - this.beganMs) / 1000
    if (this.answers < MIN_ANSWERS || seconds <= 0) return null
    return { tokensPerSecond: this.answers / this.secondsPerToken, secondsPerAnswer: seconds / this.answers }
  }
}

/** Speed of the last run for each pair, device and precision. It predicts the time of the next run. */
export class GenerationSpeed {
  private speeds = $state.raw(Speeds.catch({}).parse(readStoredJson(STORED_AS)))

  constructor(private readonly project: OpenProject) {}

  remember(computing: Computing, { speed }: RunSpeed): void {
    if (speed === null) return
    this.speeds = { ...this.speeds, [this.keyOf(computing)]: speed }
    storeText(STORED_AS, JSON.stringify(this.speeds))
  }

  /** Describes the expected and the longest time of a run. */
  describeDuration(computing: Computing, maxTokens: number, answers: number): string {
    const speed = this.speeds[this.keyOf(computing)]
    if (speed === undefined) return `time unknown before a first run of ${MIN_ANSWERS} answers`
    const maximum = (answers * maxTokens) / speed.tokensPerSecond
    const about = Math.min(maximum, answers * speed.secondsPerAnswer)
    return `about ${formatDuration(about)} if answers are as long as the last ones, at most ${formatDuration(maximum)}`
  }

  private keyOf({ device, precision, weights }: Computing): string {
    return [this.project.state.pair?.post.fingerprint ?? '', device, precision ?? 'auto', weights ?? 'auto'].join(' ')
  }
}
