import { extname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type CrcPrompts, DEFAULT_RENDERING, type Rendering } from '../../contract/documents/crc'
import type { PairDocument, PairLocation } from '../../contract/documents/project'
import { BY_CHARACTERS, type ScoringChoice } from '../../contract/documents/scored-by'
import type { Task } from '../../contract/documents/task'
import { mismatchError } from '../../contract/model/problem'
import type { Sampling } from '../../contract/model/sampling'
import { changedSampling } from '../../contract/work/settings'
import { absolutePath, modelPath } from '../base/files/paths'
import type { CrcSweepRequest } from '../crc/sweep/prepare-sweep'
import { builtinPromptSet, namedPrompts } from '../crc/task/builtin-prompts'
import { pairPaths } from '../project/demo'
import { newPair } from '../project/documents/pair-list'
import type { ProjectPair } from '../project/pair/project-pair'
import { taskOf } from '../project/results/stored-evaluation'
import { namedTask } from '../work/named-task'
import type { Study, StudyPair } from './study-file'

/** A pair of a study with all settings: of the study, else of the project's pair, else the defaults. */
export interface StudiedPair {
  name: string
  /** The pair's entry in the study file. */
  entry: StudyPair
  location: PairLocation
  rendering: Rendering
  settings: PairDocument['settings']
  /** Checkpoint that ranges are restored to; null for base. */
  source: string | null
  prompts: CrcPrompts
  /** The prompts or the task that score the main sweep. */
  scored: CrcSweepRequest['prompts']
  /** The sweep's task if it comes from a file, so that the project has to store it; else null. */
  ownTask: Task | null
}

/**
 * Applies the settings of a study to a pair.
 *
 * @param folder folder of the study's file, from which relative paths start
 * @param pair the project's pair of this name; null if there is none
 */
export async function studiedPair(
  study: Study,
  { entry, name, location }: Pick<StudiedPair, 'entry' | 'name' | 'location'>,
  folder: string,
  pair: ProjectPair | null
): Promise<StudiedPair> {
  requireSameModels(name, location, pair)
  const { rendering, settings } = pair?.document ?? newPair(location)
  const { sweep = {}, device, memory } = study
  const choice = await choiceOf(study, folder, pair)
  const prompts =
    sweep.prompts === undefined
      ? (pair?.prompts ?? (await builtinPromptSet(location.kind === 'demo' ? 'demo-crc' : 'crc')))
      : await namedPrompts(sweep.prompts, absolutePath(sweep.prompts, folder))
  return {
    name,
    entry,
    location,
    rendering: renderingOf(entry, rendering),
    source: sourceOf(entry.source ?? sweep.source, folder),
    settings: {
      ...settings,
      scoredBy: choice.scoredBy,
      rho: sweep.rho ?? settings.rho,
      uniformBlendCount: sweep.uniformBlends ?? settings.uniformBlendCount,
      device: device ?? settings.device,
      memoryBytes: memory ?? settings.memoryBytes
    },
    prompts,
    scored: choice.task === null ? prompts : { kind: 'task', ...taskScoring(choice.scoredBy), task: choice.task },
    ownTask: choice.isFile ? choice.task : null
  }
}

/** Returns the source of the study's sweep. The choice of the window does not apply to a study. */
const sourceOf = (typed: string | undefined, folder: string): string | null =>
  typed === undefined || typed === 'base' ? null : modelPath(typed, folder)

function taskScoring(choice: ScoringChoice): { sampling: Sampling; draws: number } {
  if (choice.kind === 'task') return { sampling: choice.sampling, draws: choice.draws }
  throw new RangeError('the character task has no sampler')
}

/** The scoring of the main sweep. */
interface Choice {
  scoredBy: ScoringChoice
  task: Task | null
  /** True if the task was read from a file. */
  isFile: boolean
}

async function choiceOf({ sweep = {} }: Study, folder: string, pair: ProjectPair | null): Promise<Choice> {
  const { task: name, prompts, draws, split, ...sampler } = sweep
  if (name === undefined && prompts === undefined) {
    const scoredBy = pair?.document.settings.scoredBy ?? BY_CHARACTERS
    return {
      scoredBy,
      task: scoredBy.kind === 'crc' ? null : await taskOf(pair, scoredBy.taskId),
      isFile: false
    }
  }
  if (name === undefined || name === BY_CHARACTERS.kind) {
    return { scoredBy: BY_CHARACTERS, task: null, isFile: false }
  }
  const task = await namedTask(name, pair, folder)
  const { sampling, sampleCount } = task.settings
  const scoredBy: ScoringChoice = {
    kind: 'task',
    taskId: task.id,
    sampling: changedSampling(sampler, sampling),
    draws: draws ?? sampleCount,
    split: split ?? false
  }
  return { scoredBy, task, isFile: extname(name) !== '' }
}

const renderingOf = (entry: StudyPair, otherwise: Rendering): Rendering => ({
  ...DEFAULT_RENDERING,
  ...otherwise,
  ...(entry.system === undefined ? {} : { systemPrompt: entry.system }),
  ...(entry['template-argument'] === undefined ? {} : { templateArguments: entry['template-argument'] }),
  ...(entry.date === undefined ? {} : { date: entry.date }),
  ...(entry['assistant-prefix'] === undefined ? {} : { assistantPrefix: entry['assistant-prefix'] })
})

/** Refuses a project's pair that has other models than the study, because their results would be mixed. */
function requireSameModels(name: string, location: PairLocation, pair: ProjectPair | null): void {
  if (pair === null || isDeepStrictEqual(pair.document.location, location)) return
  const { base, post } = pairPaths(pair.document.location)
  throw mismatchError(
    `The pair "${name}" of ${pair.project.path} is ${base} and ${post}, and that of the study is not.`,
    'Name the pair of the study otherwise, or the study itself.'
  )
}
