import { BY_CHARACTERS } from '../../../contract/documents/scored-by'
import type { SweepEvent, SweepProgress } from '../../../contract/documents/sweep-events'
import { LiveBoard } from './build-board'
import { type ScoreBoard } from './score-board'

export interface SweepRun {
  sweepId: string
  progress: SweepProgress
  board: ScoreBoard
  /** True if the sweep scores most ranges on only some prompts. */
  isPreview: boolean
  notices: readonly string[]
}

/** Turns the events of a running sweep into its state, with a board for the charts. */
export class LiveSweep {
  private board = new LiveBoard(BY_CHARACTERS, { layerCount: 0, source: null }, 0)

  /** @param begins called when a sweep starts, before its first scores are shown */
  constructor(private readonly begins: () => void) {}

  advance(run: SweepRun | null, event: SweepEvent): SweepRun | null {
    if (event.type === 'snapshot') {
      this.board = new LiveBoard(event.scoredBy, event, event.promptCount)
      this.board.apply(event.entries)
      this.begins()
      const { sweepId, progress, notices, isPreview } = event
      return {
        sweepId,
        progress,
        notices,
        isPreview,
        board: this.board.read()
      }
    }
    if (run === null) return null
    if (event.type === 'progress') return { ...run, progress: event.progress }
    if (event.type === 'notice') {
      const isPreview = run.isPreview && event.endsPreview !== true
      return { ...run, isPreview, notices: [...run.notices, event.message] }
    }
    if (event.type === 'scores') this.board.apply(event.entries)
    return run
  }

  /** Returns the run with all scores received so far. */
  drawn(run: SweepRun): SweepRun {
    return { ...run, board: this.board.read() }
  }
}
