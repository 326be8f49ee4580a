import type { Command } from 'commander'
import { z } from 'zod'
import type { SweepPlan } from '../../contract/sweep-plan'
import { planCrcSweep } from '../crc/plan-sweep'
import { DEFAULT_SEED } from '../crc/selection'
import { withEngine } from './engine'
import {
  CommonOptions,
  DeviceOptions,
  MEMORY_OPTION,
  PairOptions,
  readOptions,
  RenderingOptions,
  requirePair,
  withCommonOptions,
  withDeviceOptions,
  withPairOptions,
  withRenderingOptions
} from './options'
import { count, printJson, printText, remark, table } from './output'
import { ScoredOptions, sweepRequest, withScoredOptions } from './sweep'

const PlanOptions = z.strictObject({
  ...CommonOptions.shape,
  ...PairOptions.shape,
  ...RenderingOptions.shape,
  ...DeviceOptions.shape,
  ...ScoredOptions.shape,
  memory: z.number().optional()
})

/** `slr plan`: what a sweep would do, how much memory and about how long it would take. */
export function addPlanCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('plan')
    .description('what a sweep would do, how much memory and about how long it would take')
  withScoredOptions(withPairOptions(command))
  withRenderingOptions(command)
  withCommonOptions(withDeviceOptions(command).addOption(MEMORY_OPTION)).action(async () => {
    const options = readOptions(PlanOptions, command)
    const request = await sweepRequest(
      { ...options, seed: DEFAULT_SEED },
      requirePair(options, command),
      null
    )
    const notice = request.device?.notice ?? null
    if (!options.quiet && notice !== null) remark(notice)
    if (!options.quiet) remark('Trying out one block ...')
    const plan = await withEngine((engine) => planCrcSweep(engine, request, signal))
    await (options.json ? printJson(plan) : printText(describePlan(plan)))
  })
}

/** A plan as a table, the parts of its peak memory one by one. */
export function describePlan(plan: SweepPlan): string {
  const { memory, groups, estimate } = plan
  const prompts = groups.reduce((sum, group) => sum + group.promptCount, 0)
  return [
    table(
      [
        ['models x prompts', `${plan.modelCount} x ${prompts}`],
        ['prompt groups', String(groups.length)],
        ['block evaluations', count(plan.blockEvaluations)],
        ['tokens', `${count(plan.packedTokens)} packed of ${count(plan.promptTokens)}`],
        ['projections, head', `${teraflops(plan.flops.projections)}, ${teraflops(plan.flops.head)}`],
        ['to read', mebibytes(plan.readBytes.layers + plan.readBytes.head)],
        ['device', `${plan.device}, ${plan.precision}`],
        ['time, about', seconds(estimate.seconds)],
        ['  computing', seconds(estimate.computeSeconds)],
        ['  reading, meanwhile', seconds(estimate.readSeconds)],
        ['peak memory', `${mebibytes(plan.peakBytes)} of ${mebibytes(plan.memoryBytes)} allowed`],
        ['  process', mebibytes(memory.process)],
        ['  weights', mebibytes(memory.weights)],
        ['  hidden states', mebibytes(memory.states)],
        ['  activations', mebibytes(memory.activations)],
        ['  last states', mebibytes(memory.finals)],
        ...(plan.deviceBytes === 0 ? [] : [['  of all this on the device', mebibytes(plan.deviceBytes)]])
      ],
      'lr'
    )
  ].join('\n')
}

function mebibytes(bytes: number): string {
  return `${count(Math.ceil(bytes / 2 ** 20))} MiB`
}

function teraflops(flops: number): string {
  return `${(flops / 1e12).toPrecision(3)} TFLOP`
}

function seconds(value: number): string {
  if (value < 120) return `${value.toPrecision(2)} s`
  return value < 7200 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`
}
