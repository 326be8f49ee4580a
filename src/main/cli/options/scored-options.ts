import type { Command } from 'commander'
import { z } from 'zod'
import { BY_CHARACTERS } from '../../../contract/documents/scored-by'
import { DEFAULT_UNIFORM_BLENDS } from '../../../contract/model/recipe'
import type { ProjectPair } from '../../project/pair/project-pair'
import { TASK_CHOICES } from './given-task'
import { optionGroup, type OptionsOf } from './option-group'
import { flagIfGiven, flagOf, number, text, value } from './option-kinds'
import { PROMPTS, usageError, wholeNumber } from './options'
import { samplerOptions } from './sampler-options'
import { checkpointOption } from './checkpoints'

/** Options of the scored models and prompts. */
export const scoredOptions = optionGroup('What to score:')
  .options({
    prompts: text('<file>', PROMPTS),
    recipes: text('<file>', 'score these recipes, a JSON list, instead of all ranges'),
    uniformBlends: value(
      z.union([z.literal(true), z.number()]),
      '[size]',
      `also blend all layers alike, from post to base, in this many strengths (default: ${DEFAULT_UNIFORM_BLENDS})`,
      wholeNumber(2, 201)
    ),
    checkpoint: checkpointOption,
    source: text(
      '<checkpoint>',
      "restore layers to another checkpoint of the pair's architecture, in place of base: a folder, or one of the project by name"
    ),
    whatIf: flagIfGiven(
      'also keep what it would be under other temperatures and min-p, for "slr show" and the selected range'
    ),
    countLeadingSpace: flagIfGiven('also count answers that begin with white space')
  })
  .heading("Scored by a task's listed answers instead of the character task (the rest: as the task says):")
  .options({
    task: text('<task>', `${TASK_CHOICES}; crc for the character task`, { conflicts: ['prompts'] }),
    draws: number('<n>', 'count different right answers in so many draws', wholeNumber(1, 1_000_000)),
    split: flagIfGiven('choose on one half of the questions, drawn by --seed, and report on the other')
  })
  .and(samplerOptions)
type ScoredOptions = OptionsOf<typeof scoredOptions>

/**
 * Refuses options that do not fit the score. The character task uses the models' own distributions, and only it
 * counts answers by their beginning.
 *
 * @param projectPair supplies the score if the command line names no task
 * @throws UsageError for an option of another score
 */
export function requireFittingTask(
  options: ScoredOptions,
  command: Command,
  projectPair: ProjectPair | null
): void {
  const { prompts, countLeadingSpace, temperature, topK, topP, minP, repetitionPenalty, draws, split } =
    options
  const taskSettings = Object.entries({ temperature, topK, topP, minP, repetitionPenalty, draws, split })
  const [name] = taskSettings.find(([, value]) => value !== undefined) ?? []
  const chosen = prompts === undefined ? (projectPair?.document.settings.scoredBy.kind ?? 'crc') : 'crc'
  const byCharacters = (options.task ?? chosen) === BY_CHARACTERS.kind
  if (!byCharacters && countLeadingSpace !== undefined) {
    throw usageError(
      command,
      '--count-leading-space is of the character task, and this sweep is scored by a task: name --task crc, or leave it out'
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
    '--source is of ranges, and does not go with --recipes: a recipe names its own, by "source" of a layer in the file ' +
      '(on the command line, where recipes are named: 3-7@FOLDER)'
  )
}
