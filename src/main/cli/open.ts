import { remark } from './output'
import { subcommand } from './subcommand'
import { announcer, initialProject, initialProjectOptions, portOption, SHOWN_FIRST } from './serve'

const openOptions = initialProjectOptions.and(portOption('port to listen on where the browser is used'))

/** `slr open`: the workbench in its window, or in the browser where there is no Electron. */
export const addOpenCommand = subcommand(openOptions, {
  name: 'open',
  operands: [SHOWN_FIRST],
  description: 'open the workbench in its window, or in the browser where there is no Electron',
  async run(options, command, signal) {
    // The window's server is half the program: other commands start without it.
    const { openWorkbench } = await import('../serve/open')
    await openWorkbench({
      port: options.port,
      initial: await initialProject(options, command),
      announce: announcer(options.json),
      remark: options.quiet ? () => undefined : remark,
      signal
    })
  }
})
