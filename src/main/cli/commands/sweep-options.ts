import {
  budgetOption,
  csvOption,
  detailsOption,
  deviceOptions,
  memoryOption,
  outOption,
  pairOptions,
  renderingOptions,
  rhoOption,
  seedOption,
  usageError
} from '../options/options'
import { unlessNo, flag, texts, value, parsedBy } from '../options/option-kinds'
import { type Command } from 'commander'
import { Shard } from '../../../contract/documents/sweep-part'
import { DEFAULT_SEED } from '../../../contract/model/resampling'
import { projectOptions } from '../results/project-to-save'
import { scoredOptions } from '../options/scored-options'
import type { CommandOptions } from '../options/subcommand'

export const sweepOptions = pairOptions
  .heading('Output:')
  .and(outOption())
  .options({
    shard: value(
      Shard,
      '<i/n>',
      'score only the i-th of n shares of the prompts; --merge joins the parts',
      parsedBy(Shard, 'a share and the number of shares, such as 2/8', shardOf)
    ),
    preview: flag('screen all ranges on few prompts, and finalists on all: at most a quarter of the work'),
    fresh: flag('compute everything again, also after a stopped or earlier sweep'),
    check: unlessNo('do not check the best five ranges on full answers'),
    dryRun: flag('only print the work, memory and time of the sweep'),
    merge: texts('<part...>', 'join the parts that --shard wrote, without model files')
  })
  .and(projectOptions('save in this project, and use its pair, prompts and settings'))
  .and(detailsOption, csvOption)
  .options({
    all: flag('sweep every pair of the project, even if one fails')
  })
  .heading('Selection:')
  .and(rhoOption(), budgetOption, seedOption(`seed of the bootstrap (default: ${DEFAULT_SEED})`))
  .and(scoredOptions, renderingOptions, deviceOptions, memoryOption)
export type SweepOptions = CommandOptions<typeof sweepOptions>

/** Refuses a preview of part of the ranges or prompts. */
export function requireRangesOfAll(
  { shard, recipes }: Pick<SweepOptions, 'recipes'> & Partial<Pick<SweepOptions, 'shard'>>,
  command: Command
): void {
  const [name] = Object.entries({ shard, recipes }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`]
  )
  if (name === undefined) return
  throw usageError(command, `--preview covers all ranges and prompts, and does not go with ${name}`)
}

/** Splits a shard, one of equal parts of the prompts. `2/8` is the second of eight. */
function shardOf(text: string): unknown {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  return { index: Number(index), count: Number(count) }
}
