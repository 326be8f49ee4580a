import { z } from 'zod'
import { PairId } from '../documents/project'
import { DemoPair } from '../model/demo-pair'

/** Communication between the page and the desktop window: menus, further starts of the program, and its end. */

/** Menu commands for the page. `undo` and `redo` apply to a field while the user types in it. */
export const ShellCommand = z.enum(['new', 'open', 'report', 'folder', 'close', 'undo', 'redo', 'help'])
export type ShellCommand = z.infer<typeof ShellCommand>

export const ShellEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), path: z.string(), pair: PairId.optional() }),
  /** Opens the project of a built-in pair, and creates it if needed. */
  z.object({ type: z.literal('open-demo'), demo: DemoPair }),
  z.object({ type: z.literal('command'), command: ShellCommand }),
  /** Announces that the window is about to close. The page saves its edits, then calls `app.editsSaved`. */
  z.object({ type: z.literal('save-edits') })
])
export type ShellEvent = z.infer<typeof ShellEvent>

export const ThemeChoice = z.enum(['system', 'light', 'dark'])
export type ThemeChoice = z.infer<typeof ThemeChoice>
