import type { Command } from 'commander'
import { addTaskFilterCommand } from './task-filter'
import { addTaskImportCommand } from './task-import'

/** `slr task`: tasks of published prompts, and of those that post fails. */
export function addTaskCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('task')
    .description('make a task, which "slr evaluate --task" and studies take')
    .showHelpAfterError('See "slr task --help".')
  addTaskImportCommand(command, signal)
  addTaskFilterCommand(command, signal)
}
