import type { Command } from 'commander'
import { z } from 'zod'
import { planFacts } from '../../contract/words/plan-words'
import { NO_PREVIEW } from '../../contract/words/preview-words'
import type { SweepPlan } from '../../contract/documents/sweep-plan'
import { planCrcSweep } from '../crc/sweep/plan-sweep'
import { DEFAULT_SEED } from '../crc/selection/selection'
import { withEngine } from './engine'
import {
  CommonOptions,
  DeviceOptions,
  MEMORY_OPTION,
  PairOptions,
  readOptions,
  RenderingOptions,
  requirePair,
  tellOfMemory,
  withCommonOptions,
  withDeviceOptions,
  withPairOptions,
  withRenderingOptions
} from './options'
import { printJson, printText, remark, table } from './output'
import { requireFittingTask, requireOwnSources, ScoredOptions, withScoredOptions } from './scored-options'
import { requireRangesOfAll, sweepRequest } from './sweep'
import { nothingKept, untilStopped } from './stopped'

const PlanOptions = z.strictObject({
  ...CommonOptions.shape,
  ...PairOptions.shape,
  ...RenderingOptions.shape,
  ...DeviceOptions.shape,
  ...ScoredOptions.shape,
  memory: z.number().optional(),
  preview: z.boolean().default(false)
})

/** `slr plan`: what a sweep would do, how much memory and about how long it would take. */
export function addPlanCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('plan')
    .description('what a sweep would do, how much memory and about how long it would take')
  withPairOptions(command)
    .optionsGroup('What is planned:')
    .option('--preview', 'also what a preview of it would take')
  withScoredOptions(command)
  withRenderingOptions(command)
  withCommonOptions(withDeviceOptions(command).addOption(MEMORY_OPTION)).action(async () => {
    const options = readOptions(PlanOptions, command)
    requireFittingTask(options, command, null)
    requireOwnSources(options, command)
    if (options.preview) requireRangesOfAll(options, command)
    if (!options.quiet) tellOfMemory(options, remark)
    const request = await sweepRequest(
      { ...options, seed: DEFAULT_SEED },
      requirePair(options, command),
      null,
      signal
    )
    const notice = request.device?.notice ?? null
    if (!options.quiet && notice !== null) remark(notice)
    if (!options.quiet) remark('Trying out one block ...')
    const plan = await untilStopped({ signal, quiet: options.quiet }, nothingKept, () =>
      withEngine((engine) => planCrcSweep(engine, request, signal))
    )
    if (options.preview && plan.preview === null && !options.quiet) remark(NO_PREVIEW)
    await (options.json ? printJson(plan) : printText(describePlan(plan)))
  })
}

/** A plan as a table, the parts of its peak memory one by one. */
function describePlan(plan: SweepPlan): string {
  const rows = planFacts(plan).flatMap(({ label, value, parts = [] }) => [
    [label, value],
    ...parts.map((part) => [`  ${part.label}`, part.value])
  ])
  return table(rows, 'lr')
}
