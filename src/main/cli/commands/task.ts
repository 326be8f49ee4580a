import type { Command } from 'commander'
import { taskFilterCommand } from './task-filter'
import { taskImportCommand } from './task-import'

/** `slr task`: creates tasks of published prompts, or of those that post fails. */
export function taskCommand(command: Command, signal: AbortSignal): void {
  command.showHelpAfterError('See "slr task --help".')
  const add = (name: string, description: string): Command => command.command(name).description(description)
  taskImportCommand(add('import', 'create a task of published prompts'), signal)
  taskFilterCommand(add('filter', 'create a task of the prompts that greedy decoding of post fails'), signal)
}
