import { Argument } from 'commander'
import { elementAt } from '../../../contract/model/look-up'
import { dropUnchangedSettings } from '../../../contract/documents/what-if'
import { shownSweep } from '../../../contract/documents/shown-sweep'
import { AS_SWEPT, whatIfWords } from '../../../contract/words/what-if-words'
import { WorkbenchError } from '../../../contract/model/problem'
import { inTurns } from '../../base/steps'
import { askWhatIf } from '../../crc/check/ask-what-if'
import { builtinSetOf } from '../../crc/task/builtin-prompts'
import { resultPath } from '../../base/files/places'
import { readSweep } from '../../project/documents/sweep-files'
import { numberWithin, usageError, wholeNumber, rhoOption } from '../options/options'
import { number } from '../options/option-kinds'
import { printJson, printShown, style } from '../printing/output'
import { subcommand } from '../options/subcommand'
import { nothingKept, untilStopped } from '../running/stopped'
import { checkCommandOf } from '../printing/verdict-report'
import { describeSweep } from '../printing/sweep-report'

const whatIfOptions = rhoOption('as the sweep').options({
  temperature: number('<t>', 'one of those the sweep has kept, with --min-p', numberWithin(0, 100)),
  minP: number('<p>', 'one of those the sweep has kept, with --temperature', numberWithin(0, 1)),
  draws: number(
    '<n>',
    'count the different right answers of a task in so many draws',
    wholeNumber(1, 1_000_000)
  ),
  mix: number('<share>', "compare with this share of base's logits, one of those scored", numberWithin(0, 1))
})

/** `slr whatif`: a sweep under another limit, sampler or number of draws, from what it has kept. */
export const whatIfCommand = subcommand(whatIfOptions, {
  operands: [new Argument('<sweep>', 'file that "slr sweep --out" wrote, for samplers with --what-if')],
  async run({ temperature, minP, rho, draws = null, mix = null, json, quiet }, command, signal) {
    const file = elementAt(command.args, 0, 'sweep')
    if ((temperature === undefined) !== (minP === undefined)) {
      throw usageError(command, '--temperature and --min-p go together')
    }
    const sweep = await readSweep(await resultPath(file), signal)
    if (sweep.selection === null) {
      throw new WorkbenchError('bad-input', `${file} scored no ranges to select from.`)
    }
    const asked = dropUnchangedSettings(
      {
        rho: rho ?? sweep.selection.rho,
        sampler: temperature === undefined || minP === undefined ? null : { temperature, minP },
        draws,
        mix
      },
      sweep
    )
    const answer = await untilStopped({ signal, quiet }, nothingKept, () =>
      inTurns(askWhatIf(sweep, null, asked), { signal, what: 'The question' })
    )
    if (json) return printJson({ ...answer, sweep: shownSweep(answer.sweep) })
    const promptSet = await builtinSetOf(sweep.prompts)
    const words = whatIfWords(asked, sweep)
    const shown = { ...answer.sweep, selection: answer.selection }
    return printShown(
      [
        style('bold', `What if: ${words}`),
        describeSweep(shown, null, checkCommandOf({ demo: false, out: file, rho }), {
          promptSet,
          asked: { sampler: asked.sampler, words: words === AS_SWEPT ? null : words }
        })
      ].join('\n\n')
    )
  }
})
