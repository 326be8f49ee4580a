import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { sweepTable } from '../results/tables'
import type { RestorationRange } from '../../../contract/model/recipe'
import { type NextCommands, nextCommandsOf, pairOfResult, checkCommandOf } from '../printing/verdict-report'
import type { Command } from 'commander'
import { optionGroup, type OptionsOf } from '../options/option-group'
import { readCheckBeside } from '../results/check-beside'
import { dropUnchangedSettings } from '../../../contract/documents/what-if'
import { shownSweep } from '../../../contract/documents/shown-sweep'
import { AS_SWEPT, whatIfWords } from '../../../contract/words/what-if-words'
import { WorkbenchError } from '../../../contract/model/problem'
import { runCooperatively } from '../../base/steps'
import { askWhatIf } from '../../crc/check/ask-what-if'
import { builtinSetOf } from '../../crc/task/builtin-prompts'
import { resultPath } from '../../base/files/places'
import { readSweepFiles } from '../../project/documents/sweep-files'
import { numberWithin, usageError, wholeNumber } from '../options/options'
import { number } from '../options/option-kinds'
import { printJson, printShown, style } from '../printing/output'
import { nothingSaved, untilStopped } from '../running/stopped'
import { describeSweep } from '../printing/sweep-report'

export const whatIfOptions = optionGroup('Recalculate a sweep, exactly and without a model:').options({
  rho: number('<share>', "share of post's validity to keep (default: as the sweep)", numberWithin(0, 1)),
  temperature: number('<t>', 'a temperature of --what-if, with --min-p', numberWithin(0, 100)),
  minP: number('<p>', 'a min-p of --what-if, with --temperature', numberWithin(0, 1)),
  draws: number('<n>', 'count the right answers of a task in so many draws', wholeNumber(1, 1_000_000)),
  mix: number('<share>', "compare with this scored share of base's logits", numberWithin(0, 1))
})

type WhatIfSettings = OptionsOf<typeof whatIfOptions> & {
  readonly json: boolean
  readonly quiet: boolean
  readonly details: boolean
  readonly csv?: string | undefined
  readonly force: boolean
}

/** `slr show` of a sweep, as it is or recalculated for another limit, sampler or number of draws. */
export async function showSweep(
  typed: string,
  { temperature, minP, rho, draws, mix, json, quiet, details, csv, force }: WhatIfSettings,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  if ((temperature === undefined) !== (minP === undefined)) {
    throw usageError(command, '--temperature and --min-p go together')
  }
  const file = await resultPath(typed)
  const sweep = await readSweepFiles(file, signal)
  const check = await readCheckBeside(file, sweep.id)
  const promptSet = await builtinSetOf(sweep.prompts)
  const resultPlace = { demo: false, out: typed, rho }
  const next = (selected: RestorationRange | null): NextCommands =>
    nextCommandsOf({ ...resultPlace, ...pairOfResult(sweep) }, checkCommandOf(resultPlace), selected)
  const table = await csvOutput({ csv, force })
  const asPlain = async (): Promise<void> => {
    await writeCsvIfAsked(table, () => sweepTable(sweep), quiet)
    await (json
      ? printJson('sweep', sweep)
      : printShown(describeSweep(sweep, check, next, { promptSet, details })))
  }
  const isAsked = [rho, temperature, draws, mix].some((setting) => setting !== undefined)
  if (!isAsked) return asPlain()
  if (sweep.selection === null) {
    throw new WorkbenchError('bad-input', `${typed} scored no ranges to select from.`)
  }
  const whatIf = dropUnchangedSettings(
    {
      rho: rho ?? sweep.selection.rho,
      sampler: temperature === undefined || minP === undefined ? null : { temperature, minP },
      draws: draws ?? null,
      mix: mix ?? null
    },
    sweep
  )
  const words = whatIfWords(whatIf, sweep)
  if (words === AS_SWEPT) return asPlain()
  const answer = await untilStopped({ signal, quiet }, nothingSaved, () =>
    runCooperatively(askWhatIf(sweep, check, whatIf), { signal, what: 'The question' })
  )
  await writeCsvIfAsked(table, () => sweepTable({ ...answer.sweep, selection: answer.selection }), quiet)
  if (json) return printJson('what-if', { ...answer, sweep: shownSweep(answer.sweep) })
  const recalculated = { ...answer.sweep, selection: answer.selection }
  return printShown(
    [
      style('bold', `What if: ${words}`),
      describeSweep(recalculated, check, next, {
        details,
        promptSet,
        whatIf: { sampler: whatIf.sampler, words }
      })
    ].join('\n\n')
  )
}
