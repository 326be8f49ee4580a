import { readCheckBeside } from '../results/check-beside'
import { resultPath } from '../../base/files/paths'
import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { checkTable } from '../results/tables'
import { pairWords } from '../../../contract/work/work'
import {
  csvOption,
  detailsOption,
  refuseUnused,
  wholeNumber,
  pairOptions,
  deviceOptions,
  outOption,
  rhoOption
} from '../options/options'
import { nextCommandsOf, pairOfResult, checkCommandOf } from '../printing/verdict-report'
import { triedDevices } from '../../work/devices'
import { checkedRecipes, recipesNamed } from '../running/models'
import type { Command } from 'commander'
import { type AnswerCheck, CHECKED_AT_ONCE } from '../../../contract/documents/answer-check'
import { hasFp16 } from '../../../contract/model/device'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import type { Recipe } from '../../../contract/model/recipe'
import type { PairFolders } from '../../crc/sweep/score-recipes'
import { runToEnd } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import { rangesToCheck } from '../../crc/check/check-sweep'
import type { ProjectPair } from '../../project/pair/project-pair'
import { shellCommand } from '../../report/shown-command'
import { describeCheck } from '../printing/check-report'
import { defaulting, number } from '../options/option-kinds'
import { chosenDevice, requireFp16 } from '../../work/chosen-device'
import { CheckWork } from '../../work/check'
import { printJson, printShown } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { writeOutputFile, writtenWords } from '../results/output-file'
import { describePreview } from '../printing/preview-report'
import { projectOptions } from '../results/project-to-save'
import { startingSweep, startOptions } from '../running/starting-sweep'
import { withOneEngine } from '../running/engine'
import { runShown } from '../running/shown-work'
import type { SavedWork } from '../running/stopped'
import { storedVerdict } from '../../project/results/finding-of-selected'
import { savedThenShown, withResultContext } from '../results/result-context'

const checkOptions = pairOptions
  .and(startOptions)
  .heading('Check:')
  .options({
    best: defaulting(
      number('<n>', 'number of the best unchecked ranges to check', wholeNumber(1, 1000)),
      CHECKED_AT_ONCE
    )
  })
  .and(rhoOption(), detailsOption)
  .heading('Output:')
  .and(
    outOption(),
    csvOption,
    projectOptions('save in this project, and check its newest sweep, previews last'),
    deviceOptions
  )
type CheckOptions = CommandOptions<typeof checkOptions>

/** `slr check`: the full-answer check of the best ranges of a sweep, or of given recipes, and of its baselines. */
export const checkCommand = subcommand(checkOptions, {
  ofPair: true,
  operands: [checkedRecipes('the best ranges not checked yet')],
  run: (options, command, signal) => withOneEngine(() => check(options, command, signal))
})

async function check(options: CheckOptions, command: Command, signal: AbortSignal): Promise<void> {
  const isNamed = command.args.length > 0
  if (isNamed) refuseUnused(command, ['best'], 'selects the best ranges, and recipes are named')
  await withResultContext('check', options, command, async ({ givenPair, projectPair, output, note }) => {
    const table = await csvOutput(options)
    const saved = (): SavedWork => savedOfCheck(options, projectPair)
    // Recipes are read before the sweep, so that a wrong name fails at once.
    let recipes: Recipe[] | undefined
    const opened = async (folders: PairFolders): Promise<void> => {
      if (isNamed) recipes = await recipesNamed(command.args, { folders, pair: projectPair }, command)
    }
    const { pair, sweep } = await startingSweep(
      options,
      { command, projectPair, givenPair, output: output === null ? null : { ...output, kind: 'check' } },
      {
        quiet: options.quiet,
        signal,
        history: () => null,
        savedWithoutHistory: saved,
        opened,
        sweepOnlyOptions: ['prompts']
      }
    )
    const rho = options.rho ?? projectPair?.document.settings.rho ?? DEFAULT_RHO
    // Without a given sweep, this command has just computed one on the device of the options.
    const isNewSweep = options.from === undefined && projectPair === null
    const computedIn = isNewSweep ? sweep : await chooseDevice(options, pair.base, sweep, signal)
    const sweepFileCheck =
      options.from === undefined ? null : await readCheckBeside(await resultPath(options.from), sweep.id)
    const parts = { rho, recipes, best: options.best, sweepFileCheck, computedIn }
    const work = await CheckWork.open(pair, sweep, parts, projectPair)
    const checked = await runShown({ signal, quiet: options.quiet }, saved, (runtime) => work.compute(runtime))
    const selection = runToEnd(checkedSelection(sweep, checked, rho))
    const preview = selection === null ? [] : describePreview({ ...sweep, selection })
    const isAllChecked = rangesToCheck(sweep, checked, rho, 1).length === 0
    const verdict = await storedVerdict(projectPair, sweep, checked, selection, { isAllChecked })
    const document = { ...checked, rho, verdict }
    // The suggested command checks more ranges. A project adds them, a file needs a larger number of ranges to check.
    const best = projectPair === null && !isNamed ? options.best + CHECKED_AT_ONCE : undefined
    const again = checkCommandOf({ ...options, best, demo: undefined, out: options.from })
    const next = nextCommandsOf(
      { ...options, ...pairOfResult(sweep), out: options.out ?? options.from },
      again,
      selection?.selected ?? null
    )
    await savedThenShown(
      [work.keep(checked), ...(output === null ? [] : [writeOutputFile(output, 'check', document)])],
      async () => {
        await writeCsvIfAsked(table, () => checkTable(checked, rho), options.quiet)
        if (options.json) return printJson('check', document)
        return printShown(describeCheck(checked, verdict, { rho, next, details: options.details, preview }))
      }
    )
    if (output !== null) note(writtenWords(output))
    if (projectPair !== null) note(`Saved in ${projectPair.project.path} with sweep ${sweep.id}`)
  })
}

type ComputedIn = Pick<AnswerCheck, 'device' | 'precision'>

/** Returns the device and precision of a check: of the options, else of the sweep. */
async function chooseDevice(
  { device, precision }: Pick<CheckOptions, 'device' | 'precision'>,
  base: string,
  sweep: ComputedIn,
  signal: AbortSignal
): Promise<ComputedIn> {
  const chosen = device === undefined ? sweep : await chosenDevice({ device, precision }, base, triedDevices(signal))
  requireFp16(chosen.device, precision)
  return { device: chosen.device, precision: precision ?? (hasFp16(chosen.device) ? sweep.precision : 'fp32') }
}

/** Describes what is saved if the check is stopped. */
function savedOfCheck(options: CheckOptions, projectPair: ProjectPair | null): SavedWork {
  const { from, demo, base, post, prompts, device, precision } = options
  if (from !== undefined) {
    return { saved: `Nothing of this check is saved. Its sweep stays in ${from}.`, resumable: false }
  }
  if (projectPair !== null) {
    return {
      saved: `Nothing of this check is saved. Its sweep and earlier checks stay in ${projectPair.project.path}.`,
      resumable: false
    }
  }
  const demoWords = demo === undefined ? [] : pairWords({ demo })
  const settings = Object.entries({ base, post, prompts, device, precision }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value]
  )
  const sweepFirst = shellCommand([['slr', 'sweep', ...demoWords, ...settings, '--out', 'sweep.json']])
  return {
    saved: `Nothing is saved. To save the sweep, run "${sweepFirst}", then this check with --from sweep.json.`,
    resumable: false
  }
}
