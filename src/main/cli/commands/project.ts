import type { Command } from 'commander'
import { projectNewCommand } from './project-new'
import {
  projectDeleteCommand,
  projectListCommand,
  projectNameCommand,
  projectNoteCommand,
  projectPinCommand,
  projectRestoreCommand
} from './project-runs'

/** `slr project`: creates a project and manages the runs of its pairs. */
export function projectCommand(command: Command, signal: AbortSignal): void {
  command.showHelpAfterError('See "slr project --help".')
  const add = (name: string, description: string): Command => command.command(name).description(description)
  projectNewCommand(add('new', 'create a project for a pair'), signal)
  projectListCommand(add('list', 'list the runs of a pair and those in its trash'), signal)
  projectNameCommand(add('name', 'name a run; an empty name restores the default'), signal)
  projectNoteCommand(add('note', 'write a note for a run, which reports show too'), signal)
  projectPinCommand(add('pin', 'pin a run, so that it is listed first'), signal)
  projectDeleteCommand(add('delete', 'move a run to the trash of its pair'), signal)
  projectRestoreCommand(add('restore', 'restore a run from the trash'), signal)
}
