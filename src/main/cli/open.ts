import type { Command } from 'commander'
import { z } from 'zod'
import { CommonOptions, readOptions, withCommonOptions } from './options'
import { remark } from './output'
import { announcer, initialProject, InitialProjectOptions, withInitialProject } from './serve'

const OpenOptions = z.strictObject({ ...CommonOptions.shape, ...InitialProjectOptions.shape })

/** `slr open`: the workbench in its window, or in the browser where there is no Electron. */
export function addOpenCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('open')
    .description('open the workbench in its window, or in the browser where there is no Electron')
  withCommonOptions(withInitialProject(command)).action(async () => {
    const options = readOptions(OpenOptions, command)
    // The window's server is half the program: other commands start without it.
    const { openWorkbench } = await import('../serve/open')
    await openWorkbench({
      initial: await initialProject(options, command),
      announce: announcer(options.json),
      remark: options.quiet ? () => undefined : remark,
      signal
    })
  })
}
