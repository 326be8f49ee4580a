import { z } from 'zod'
import { PairId } from '../documents/project'

/** What lies around the page in the desktop window: menus, other starts of the program, and its end. */

/** What a menu asks of the page. `folder` is the open project's; `undo` and `redo` are a field's while one is typed in. */
export const ShellCommand = z.enum(['new', 'open', 'report', 'folder', 'close', 'undo', 'redo', 'help'])
export type ShellCommand = z.infer<typeof ShellCommand>

export const ShellEvent = z.discriminatedUnion('type', [
  /** A project; null is the demo. */
  z.object({ type: z.literal('open'), path: z.string().nullable(), pair: PairId.optional() }),
  z.object({ type: z.literal('command'), command: ShellCommand }),
  /** The window is about to close: save what is being edited, then call `app.settled`. */
  z.object({ type: z.literal('settle') })
])
export type ShellEvent = z.infer<typeof ShellEvent>

export const ThemeChoice = z.enum(['system', 'light', 'dark'])
export type ThemeChoice = z.infer<typeof ThemeChoice>
