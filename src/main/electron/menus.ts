import type { MenuItemConstructorOptions } from 'electron'
import type { RecentProject } from '../../contract/documents/project'
import type { ShellCommand, ShellEvent } from '../../contract/procedures/shell'

interface MenuActions {
  /** Sends a request to the page. */
  send: (event: ShellEvent) => void
  showLogs: () => void
}

type Item = MenuItemConstructorOptions
type CommandItem = (label: string, command: ShellCommand, accelerator?: string) => Item

const MAX_RECENT = 10
const SEPARATOR: Item = { type: 'separator' }

/** Builds the application menu. The page offers the same commands. @param recents projects, newest first */
export function menuTemplate(
  platform: NodeJS.Platform,
  recents: readonly RecentProject[],
  { send, showLogs }: MenuActions
): Item[] {
  /** An entry that sends a command to the page. */
  const item: CommandItem = (label, command, accelerator) => ({
    label,
    accelerator,
    click: () => send({ type: 'command', command })
  })
  const recent = recents
    .filter(({ exists }) => exists)
    .slice(0, MAX_RECENT)
    .map(({ name, path }): Item => ({ label: name, click: () => send({ type: 'open', path }) }))
  const onMac = (items: Item[]): Item[] => (platform === 'darwin' ? items : [])
  return [
    ...onMac([{ role: 'appMenu' }]),
    { label: 'File', submenu: fileItems(item, recent, platform) },
    { label: 'Edit', submenu: editItems(item, platform) },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        SEPARATOR,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        SEPARATOR,
        { role: 'togglefullscreen' }
      ]
    },
    ...onMac([{ role: 'windowMenu' }]),
    {
      role: 'help',
      label: 'Help',
      submenu: [
        item('Keyboard shortcuts', 'help'),
        { label: 'Show log folder', click: showLogs },
        { role: 'toggleDevTools' },
        SEPARATOR,
        item('About SLR Workbench', 'help')
      ]
    }
  ]
}

function fileItems(item: CommandItem, recent: Item[], platform: NodeJS.Platform): Item[] {
  return [
    item('New project…', 'new', 'CmdOrCtrl+N'),
    item('Open project…', 'open', 'CmdOrCtrl+O'),
    { label: 'Open recent', enabled: recent.length > 0, submenu: recent },
    SEPARATOR,
    item('Save report…', 'report', 'CmdOrCtrl+S'),
    item('Show project folder', 'folder'),
    SEPARATOR,
    item('Close project', 'close'),
    platform === 'darwin' ? { role: 'close' } : { role: 'quit' }
  ]
}

function editItems(item: CommandItem, platform: NodeJS.Platform): Item[] {
  return [
    // The page's own undo, because the roles only undo typing. The page handles the keys first.
    item('Undo', 'undo', 'CmdOrCtrl+Z'),
    item('Redo', 'redo', platform === 'darwin' ? 'Shift+Cmd+Z' : 'Ctrl+Y'),
    SEPARATOR,
    { role: 'cut' },
    { role: 'copy' },
    { role: 'paste' },
    { role: 'selectAll' }
  ]
}

/** Builds the menu of a right click, with actions for the text under it. */
export function contextTemplate({
  isEditable,
  selectionText,
  editFlags
}: Pick<Electron.ContextMenuParams, 'isEditable' | 'selectionText' | 'editFlags'>): MenuItemConstructorOptions[] {
  const copy = { role: 'copy', enabled: editFlags.canCopy && selectionText !== '' } as const
  if (!isEditable) return selectionText === '' ? [{ role: 'selectAll' }] : [copy]
  return [
    { role: 'cut', enabled: editFlags.canCut },
    copy,
    { role: 'paste', enabled: editFlags.canPaste },
    { type: 'separator' },
    { role: 'selectAll', enabled: editFlags.canSelectAll }
  ]
}
