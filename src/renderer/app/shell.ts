import type { ShellCommand } from '../../contract/procedures/shell'
import { isField } from '../ui/typing'
import type { Workbench } from './workbench.svelte'

/** Runs commands of the desktop's menus and of other starts of the program, until the connection is lost. */
export async function followShell(workbench: Workbench): Promise<void> {
  const { client, start } = workbench
  try {
    for await (const event of await client.app.watch()) {
      if (event.type === 'command') run(workbench, event.command)
      else if (event.type === 'save-edits') await client.app.editsSaved({ waits: await workbench.saveEdits() })
      else if (event.type === 'open-demo') await start.openDemo(event.demo)
      else await start.openProject(event.path, event.pair)
    }
  } catch (error) {
    workbench.complainOf(error)
  }
}

function run(workbench: Workbench, command: ShellCommand): void {
  const { session, start } = workbench
  if (command === 'undo' || command === 'redo') {
    // The only way to a field's own undo history.
    if (isField(document.activeElement)) document.execCommand(command)
    else if (document.querySelector('dialog[open]') === null) void session?.history[command]()
    return
  }
  // An open dialog handles its own keys.
  if (document.querySelector('dialog[open]') !== null) return
  if (command === 'help') workbench.dialog = command
  else if (command === 'new') void start.focusNewProject()
  else if (command === 'open') void start.chooseProject()
  else if (session === null) return
  else if (command === 'report') workbench.dialog = 'report'
  else if (command === 'folder') void workbench.attempt(() => workbench.client.folders.show({ path: session.path }))
  else if (command === 'close') void workbench.leave().then(() => workbench.go('models'))
}

/** Opens a dropped project, or begins a new one with a dropped model. */
export function takeDropped(workbench: Workbench, file: File): void {
  const path = window.slrDesktop?.pathOf(file) ?? ''
  if (path === '') {
    workbench.complain({
      code: 'unsupported',
      message: 'A browser does not know the path of a dropped folder.',
      hint: 'Choose the folder with Browse…, or type its path.'
    })
  } else if (/\.slr$|[\\/]project\.json$/.test(path)) {
    void workbench.start.openProject(path)
  } else {
    workbench.start.takeModel(path)
  }
}
