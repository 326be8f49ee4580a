import { openWorkbench } from '../../serve/open'
import { remark } from '../printing/output'
import { subcommand } from '../options/subcommand'
import { announcer, initialProject, initialProjectOptions, portOption, SHOWN_FIRST } from './serve'

const openOptions = initialProjectOptions.and(portOption('port to listen on where the browser is used'))

/** `slr open`: the workbench in its window, or in the browser where there is no Electron. */
export const openCommand = subcommand(openOptions, {
  operands: [SHOWN_FIRST],
  async run(options, command, signal) {
    await openWorkbench({
      port: options.port,
      initial: await initialProject(options, command),
      announce: announcer(options.json),
      remark: options.quiet ? () => undefined : remark,
      signal
    })
  }
})
