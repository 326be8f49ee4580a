import { requireSameSweep } from '../results/replaced-file'
import { triedDevices } from '../../work/devices'
import { SweepWork } from '../../work/sweep'
import { folderContext, projectContext } from '../../work/work-context'
import type { Command } from 'commander'
import { planFacts } from '../../../contract/words/plan-words'
import { NO_PREVIEW } from '../../../contract/words/preview-words'
import type { SweepPlan } from '../../../contract/documents/sweep-plan'
import { scoredByOf } from '../../crc/sweep/prepare-sweep'
import { withEngine } from '../running/engine'
import { refuseUnused, notifyOfMemory } from '../options/options'
import { printJson, printShown, remark, table } from '../printing/output'
import { requireFittingTask, requireOwnSources } from '../options/scored-options'
import { requireRangesOfAll, type SweepOptions } from './sweep-options'
import { checkSweepFile } from '../results/output-file'
import { pairOfCommand, withViewedPair } from '../results/project-to-save'
import type { ProjectPair } from '../../project/pair/project-pair'
import { nothingSaved, untilStopped } from '../running/stopped'

/** Options of a sweep that a plan ignores. */
const NOT_PLANNED = ['shard', 'merge', 'fresh', 'all', 'csv', 'details', 'check']

/** `slr sweep --dry-run`: prints the work, memory and time of a sweep without computing it. */
export async function printSweepPlan(options: SweepOptions, command: Command, signal: AbortSignal): Promise<void> {
  refuseUnused(command, NOT_PLANNED, 'has no effect with --dry-run, which computes nothing')
  requireOwnSources(options, command)
  if (options.preview) requireRangesOfAll(options, command)
  const note = options.quiet ? () => undefined : remark
  notifyOfMemory(options, note)
  await withViewedPair(options, command, async (projectPair) => {
    const plan = await openPlan(options, command, projectPair, { note, signal })
    if (options.preview && plan !== null && plan.preview === null) note(NO_PREVIEW)
    await printPlan(plan, options)
  })
}

/** Prints the plan of a sweep. @param plan null if nothing is left to compute */
export const printPlan = (plan: SweepPlan | null, { json }: { json: boolean }): Promise<void> =>
  json ? printJson('sweep-plan', plan ?? {}) : printShown(plan === null ? NOTHING_LEFT : describePlan(plan))

const NOTHING_LEFT = 'Nothing is left to compute: all results exist.'

/** Plans the sweep that the options describe. @returns null if nothing is left to compute */
async function openPlan(
  options: SweepOptions,
  command: Command,
  projectPair: ProjectPair | null,
  { note, signal }: { note: (text: string) => void; signal: AbortSignal }
): Promise<SweepPlan | null> {
  requireFittingTask(options, command, projectPair)
  const pair = await pairOfCommand(options, projectPair, command)
  const output = options.out === undefined ? null : await checkSweepFile(options.out, 'sweep', {}, options.force)
  const context = projectPair === null ? folderContext(pair, output) : projectContext(projectPair, output, pair)
  const sweep = await SweepWork.open(options, context, triedDevices(signal))
  const notice = sweep.request.device?.notice ?? null
  if (notice !== null) note(notice)
  if (output !== null) await requireSameSweep(output, 'sweep', sweep.request)
  note('Timing one block ...')
  const plan = await untilStopped({ signal, quiet: options.quiet }, nothingSaved, () =>
    withEngine((engine) => sweep.plan(engine, signal))
  )
  if (plan !== null && scoredByOf(sweep.request).kind === 'crc' && !options.preview)
    note('This plan leaves out the full-answer check, which follows the sweep.')
  return plan
}

function describePlan(plan: SweepPlan): string {
  const rows = planFacts(plan).flatMap(({ label, value, parts = [] }) => [
    [label, value],
    ...parts.map((part) => [`  ${part.label}`, part.value])
  ])
  return table(rows, 'lr')
}
