import type { Command } from 'commander'
import { z } from 'zod'
import { absolutePath } from '../base/files/places'
import { compareSweeps, type SweepToCompare } from '../measures/compare-sweeps'
import { readSweep } from '../project/sweep-files'
import { describeComparison } from './comparison-report'
import { CommonOptions, numberWithin, readOptions, withCommonOptions } from './options'
import { printJson, printText } from './output'

const CompareOptions = z.strictObject({ ...CommonOptions.shape, rho: z.number().optional() })

/** `slr compare`: two sweeps side by side, from their files. */
export function addCompareCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('compare')
    .description('two sweeps side by side: what differs, where their scores do, and how far they agree')
    .argument('<a>', 'file that "slr sweep --out" wrote, or of a project\'s sweeps')
    .argument('<b>', 'another: of other prompts, settings, device or pair; differences are of b less a')
    .option(
      '--rho <share>',
      "share of post's validity to keep in both (default: as each sweep)",
      numberWithin(0, 1)
    )
  withCommonOptions(command).action(async (a: string, b: string) => {
    const { rho, json } = readOptions(CompareOptions, command)
    const [first, second] = [await read(a), await read(b)]
    const options = { signal, ...(rho === undefined ? {} : { rho }) }
    const comparison = await compareSweeps(first, second, options)
    return json ? printJson(comparison) : printText(describeComparison(comparison))
  })
}

/** Checks of whole answers lie beside the sweep in a project, not in it. */
const read = async (file: string): Promise<SweepToCompare> => ({
  sweep: await readSweep(absolutePath(file)),
  check: null
})
