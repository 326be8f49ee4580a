import type { Command } from 'commander'
import { z } from 'zod'
import { type AnswerCheck, CHECKED_AT_ONCE } from '../../contract/answer-check'
import type { SweepDocument } from '../../contract/crc'
import { headline } from '../../contract/headline'
import { DEFAULT_RHO } from '../../contract/project'
import { checkedSelection } from '../crc/check/checked-selection'
import { type CheckRequest, checkSweep, rangesToCheck } from '../crc/check/check-sweep'
import type { Project } from '../project/project'
import { describeCheck } from './check-report'
import { withEngine } from './engine'
import {
  CommonOptions,
  DeviceOptions,
  numberWithin,
  pairIfGiven,
  PairOptions,
  readOptions,
  wholeNumber,
  withCommonOptions,
  withDeviceOptions,
  withPairOptions
} from './options'
import { printJson, printText, remark } from './output'
import { checkOutputFile, writeOutputFile } from './output-file'
import { checkStep, progressDisplay } from './progress'
import { openProjectToSave, requireSamePair } from './project-to-save'
import { readRecipesFile } from './recipe-file'
import { StartOptions, startingSweep, withStartOptions } from './starting-sweep'
import { type Kept, untilStopped } from './stopped'
import { checkCommandOf } from './sweep-report'
import { throwIfCancelled } from '../base/cancelling'

const CheckOptions = z.strictObject({
  ...CommonOptions.shape,
  ...PairOptions.shape,
  ...DeviceOptions.shape,
  ...StartOptions.shape,
  best: z.number(),
  recipes: z.string().optional(),
  out: z.string().optional(),
  project: z.string().optional()
})
type CheckOptions = z.infer<typeof CheckOptions>

/** `slr check`: whether the best ranges of a sweep, or given recipes, hold on whole answers. */
export function addCheckCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('check')
    .description('check the best ranges of a sweep on whole answers, exactly, and take the best that passes')
  withStartOptions(withPairOptions(command))
    .optionsGroup('What to check:')
    .option('--best <n>', 'so many of the best ranges not checked yet', wholeNumber(1, 1000), CHECKED_AT_ONCE)
    .option(
      '--recipes <file>',
      'these recipes, a JSON list or what "slr search" wrote, instead of the best ranges'
    )
    .option('--rho <share>', `share of post's validity to keep (default: ${DEFAULT_RHO})`, numberWithin(0, 1))
    .optionsGroup('Where the result goes:')
    .option('--out <file>', 'write it as JSON to a file; an existing file is replaced')
    .option('--project <folder>', 'save it in this project; checks its newest sweep of ranges')
  withCommonOptions(withDeviceOptions(command)).action(async () => {
    await check(readOptions(CheckOptions, command), command, signal)
  })
}

async function check(options: CheckOptions, command: Command, signal: AbortSignal): Promise<void> {
  const givenPair = pairIfGiven(options, command)
  const tell = options.quiet ? () => undefined : remark
  const project = options.project === undefined ? null : await openProjectToSave(options.project, tell)
  try {
    if (givenPair !== null && project !== null) await requireSamePair(givenPair, project)
    const output = options.out === undefined ? null : await checkOutputFile(options.out)
    const { pair, sweep } = await startingSweep(
      options,
      { command, project, givenPair },
      { quiet: options.quiet, signal, history: () => null, without: nothingOfCheck }
    )
    const rho = options.rho ?? project?.document.settings.rho ?? DEFAULT_RHO
    const earlier = (await project?.readAnswerCheck(sweep.id)) ?? null
    const recipes =
      options.recipes === undefined
        ? rangesToCheck(sweep, earlier, rho, options.best)
        : await readRecipesFile(options.recipes, pair)
    const checked = await runCheck({ pair, sweep, earlier, recipes }, options.quiet, signal)
    throwIfCancelled(signal, 'The check')
    const selection = checkedSelection(sweep, checked, rho)
    const found = selection === null ? null : headline({ ...sweep, selection, check: checked })
    const document = { ...checked, rho, headline: found }
    const saved = await Promise.allSettled([
      project === null ? undefined : saveIn(project, sweep, checked),
      output === null ? undefined : writeOutputFile(output, document)
    ])
    // What is checked further on has to start from the same sweep, which only a project keeps.
    const again = checkCommandOf({ demo: false, out: options.from, project: options.project })
    await (options.json ? printJson(document) : printText(describeCheck(checked, found, rho, again)))
    for (const outcome of saved) if (outcome.status === 'rejected') throw outcome.reason
    if (output !== null) tell(`${output.exists ? 'Replaced' : 'Wrote'} ${output.path}`)
    if (project !== null) tell(`Saved in ${project.path} with sweep ${sweep.id}`)
  } finally {
    await project?.close()
  }
}

/** A project shows a check with its sweep, so it gets both. */
async function saveIn(project: Project, sweep: SweepDocument, check: AnswerCheck): Promise<void> {
  if (!project.sweeps.some(({ id }) => id === sweep.id)) await project.saveSweep(sweep)
  await project.saveAnswerCheck(check)
}

/** Neither of a check nor of the sweep that it makes first. */
const nothingOfCheck = (): Kept => ({
  kept: 'Nothing is kept: a check starts from its beginning, and from a sweep that is there with --from FILE or --project FOLDER.',
  goesOn: false
})

async function runCheck(request: CheckRequest, quiet: boolean, signal: AbortSignal): Promise<AnswerCheck> {
  return untilStopped({ signal, quiet }, nothingOfCheck, async () => {
    const display = progressDisplay(quiet)
    try {
      return await withEngine((engine) =>
        checkSweep(engine, request, signal, (progress) => display.update(checkStep(progress)))
      )
    } finally {
      display.stop()
    }
  })
}
