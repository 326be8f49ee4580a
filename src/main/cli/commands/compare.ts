import { Argument } from 'commander'
import type { SweepDocument } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { WorkbenchError } from '../../../contract/model/problem'
import { absolutePath, resultPath } from '../../base/files/places'
import { areOverSources } from '../../crc/selection/best-over-sources'
import { compareSweeps, type SweepToCompare } from '../../measures/compare-sweeps'
import { readSweep } from '../../project/documents/sweep-files'
import { describeComparison } from '../printing/comparison-report'
import { optionGroup } from '../options/option-group'
import { number } from '../options/option-kinds'
import { numberWithin } from '../options/options'
import { printJson, printShown } from '../printing/output'
import { nothingKept, untilStopped } from '../running/stopped'
import { subcommand } from '../options/subcommand'

const compareOptions = optionGroup().options({
  rho: number(
    '<share>',
    "share of post's validity to keep in both (default: as each sweep)",
    numberWithin(0, 1)
  )
})

/** `slr compare`: two sweeps side by side, from their files. */
export const compareCommand = subcommand(compareOptions, {
  operands: [
    new Argument('<a>', 'file that "slr sweep --out" wrote, or of a project\'s sweeps'),
    new Argument('<b>', 'another: of other prompts, settings, device or pair; differences are of b less a'),
    new Argument(
      '[more...]',
      'sweeps of the same pair that restore layers to still other checkpoints ("slr sweep --source")'
    )
  ],
  async run({ rho, json, quiet }, command, signal) {
    const [a, b] = [elementAt(command.args, 0, 'sweep'), elementAt(command.args, 1, 'sweep')]
    const more = command.args.slice(2)
    requireNewFiles([a, b], more)
    const [first, second] = [await read(a, signal), await read(b, signal)]
    const others = await Promise.all(more.map(async (file) => readSweep(await resultPath(file), signal)))
    for (const [place, sweep] of others.entries())
      requireOverSources([first.sweep, second.sweep, sweep], more[place])
    const options = { signal, others, ...(rho === undefined ? {} : { rho }) }
    const comparison = await untilStopped({ signal, quiet }, nothingKept, () =>
      compareSweeps(first, second, options)
    )
    return json ? printJson(comparison) : printShown(describeComparison(comparison))
  }
})

/** @throws WorkbenchError `bad-input` naming one of the others that is there already: it would be left out without a word */
function requireNewFiles(two: readonly string[], others: readonly string[]): void {
  const files = [...two, ...others].map(absolutePath)
  const twice = others.find(
    (_, place) => files.indexOf(elementAt(files, two.length + place, 'file')) < two.length + place
  )
  if (twice !== undefined)
    throw new WorkbenchError('bad-input', `${twice} is given twice.`, 'Name each sweep once.')
}

/** Sweeps beyond two are compared by what they restore layers to alone. @throws WorkbenchError `bad-input` naming the file */
function requireOverSources(sweeps: readonly SweepDocument[], file: string | undefined): void {
  if (areOverSources(sweeps)) return
  throw new WorkbenchError(
    'bad-input',
    `${file}: more than two sweeps are compared only where they differ in nothing but the checkpoint that they restore layers to.`,
    'Sweep the same pair on the same prompts with --source, without --preview and --split.'
  )
}

/** Checks of whole answers lie beside the sweep in a project, not in it. */
const read = async (file: string, signal: AbortSignal): Promise<SweepToCompare> => ({
  sweep: await readSweep(await resultPath(file), signal),
  check: null
})
