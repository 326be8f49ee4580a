import type { StudyState, StudyStepState } from '../documents/study'
import { formatDuration, plural } from './format'
import { runningWords } from './job-words'
import { shellWord } from './shell-word'

const KIND_WORDS: Readonly<Record<StudyStepState['kind'], string>> = {
  sweep: 'Sweep',
  check: 'Full-answer check',
  evaluate: 'Evaluation',
  report: 'Report'
}

export const studyStepWords = ({ kind, task }: Pick<StudyStepState, 'kind' | 'task'>): string =>
  task === null ? KIND_WORDS[kind] : `${KIND_WORDS[kind]} by ${task}`

/** Describes the state of a step. @param running true while the study runs */
export function stepStateWords(
  { state, progress, seconds, problem }: StudyStepState,
  running: boolean
): string {
  const took = seconds === null ? '' : ` in ${formatDuration(seconds)}`
  switch (state) {
    case 'waiting':
      return running ? 'Waiting' : 'Not started'
    case 'running':
      return running ? runningWords(progress) : 'Started; partial results are saved'
    case 'found':
      return 'Already there'
    case 'computed':
      return `Computed${took}`
    case 'written':
      return `Written${took}`
    case 'failed':
    case 'left out':
      return [state === 'failed' ? 'Failed' : 'Skipped', ...(problem === null ? [] : [problem.message])].join(
        ': '
      )
  }
}

/** Describes the progress of a study. */
export function studyWords({ steps, running, ended, file }: StudyState): string {
  const runningIndex = steps.findIndex(({ state }) => state === 'running')
  const now = steps[runningIndex]
  const undone = steps.filter(({ problem }) => problem !== null).length
  const lost = undone === 0 ? '' : `, ${undone} not done`
  if (running) {
    if (now === undefined) return `${plural(steps.length, 'step')}${lost}; the next starts.`
    const { secondsLeft } = now.progress
    const time =
      secondsLeft === null ? 'time left unknown' : `about ${formatDuration(secondsLeft)} left of it`
    return `Step ${runningIndex + 1} of ${steps.length}, ${now.key}: ${time}${lost}.`
  }
  if (ended === 'done' && undone === 0) return `Done: ${plural(steps.length, 'step')}.`
  const done = steps.filter(
    ({ state, problem }) => state !== 'waiting' && state !== 'running' && problem === null
  )
  const state = ended === 'done' ? 'Ended' : 'Stopped'
  const count = `${done.length} of ${plural(steps.length, 'step')} done${lost}`
  return `${state}: ${count}. Resume with: slr study ${shellWord(file)}`
}
