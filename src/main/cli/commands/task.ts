import type { Command } from 'commander'
import { taskFilterCommand } from './task-filter'
import { taskImportCommand } from './task-import'

/** `slr task`: creates tasks of published prompts, or of those that post fails. */
export function taskCommand(command: Command, signal: AbortSignal): void {
  command.showHelpAfterError('See "slr task --help".')
  const add = (name: string, description: string): Command => command.command(name).description(description)
  taskImportCommand(add('import', 'a task of prompts that others have published'), signal)
  taskFilterCommand(
    add('filter', 'a task of the prompts whose right answer greedy decoding of post misses'),
    signal
  )
}
