import type { Command } from 'commander'
import { z } from 'zod'
import { BY_CHARACTERS } from '../../../contract/documents/scored-by'
import { DEFAULT_UNIFORM_BLENDS } from '../../../contract/model/recipe'
import type { ProjectPair } from '../../project/pair/project-pair'
import { taskOptions } from './given-task'
import { optionGroup, type OptionsOf } from './option-group'
import { flagIfGiven, flagOf, text, texts, value } from './option-kinds'
import { PROMPTS, samplerOptions, usageError, wholeNumber } from './options'

/** Options of the models that a sweep scores, and of the prompts or the task that it scores them by. */
export const scoredOptions = optionGroup('Scores:')
  .options({
    prompts: text('<file>', PROMPTS),
    recipes: text('<file>', 'score these recipes, a JSON list, instead of all ranges'),
    uniformBlends: value(
      z.union([z.literal(true), z.number()]),
      '[size]',
      `also score uniform blends, in this many strengths (default: ${DEFAULT_UNIFORM_BLENDS})`,
      wholeNumber(2, 201)
    ),
    checkpoint: texts('<folder>', 'also score another checkpoint of the architecture; repeatable'),
    source: text(
      '<checkpoint>',
      'restore layers to this checkpoint instead of base: a folder, or a name in the project'
    ),
    whatIf: flagIfGiven('also save scores for other temperatures and min-p, for "slr show"'),
    countLeadingSpace: flagIfGiven('also count answers that begin with white space')
  })
  .heading("Score by a task's listed answers instead of the character task:")
  .and(taskOptions)
  .options({
    split: flagIfGiven('select on one half of the questions, drawn by --seed, and score on the other')
  })
  .and(samplerOptions)
type ScoredOptions = OptionsOf<typeof scoredOptions>

/** Refuses options that do not fit the score. @param projectPair supplies the score without `--task` */
export function requireFittingTask(
  options: Partial<ScoredOptions> & { preview?: boolean },
  command: Command,
  projectPair: ProjectPair | null
): void {
  const { prompts, countLeadingSpace, temperature, topK, topP, minP, repetitionPenalty, draws, split } = options
  const { regain, keep, preview = false } = options
  if ((regain === undefined) !== (keep === undefined))
    throw usageError(command, '--regain and --keep go together: each names a task')
  if (keep !== undefined && preview)
    throw usageError(command, '--preview scores by one task, and does not go with --keep')
  const taskSettings = Object.entries({ temperature, topK, topP, minP, repetitionPenalty, draws, split })
  const [name] = taskSettings.find(([, value]) => value !== undefined) ?? []
  const chosen = prompts === undefined ? (projectPair?.document.settings.scoredBy.kind ?? 'crc') : 'crc'
  const byCharacters = (options.task ?? regain ?? chosen) === BY_CHARACTERS.kind
  if (!byCharacters && countLeadingSpace !== undefined) {
    throw usageError(
      command,
      '--count-leading-space applies to the character task only: name --task crc, or leave it out'
    )
  }
  if (!byCharacters || name === undefined) return
  throw usageError(command, `${flagOf(name)} needs --task: the character task is scored without a sampler`)
}

/** Refuses `--source` beside `--recipes`, because a recipe names its own sources. @throws UsageError for both */
export function requireOwnSources(
  { recipes, source }: Pick<ScoredOptions, 'recipes' | 'source'>,
  command: Command
): void {
  if (recipes === undefined || source === undefined) return
  throw usageError(
    command,
    '--source does not go with --recipes: there, a layer has its own "source" (as a word: 3-7@FOLDER)'
  )
}
