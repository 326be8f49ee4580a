import { type BrowserWindow, dialog, type MessageBoxOptions } from 'electron'

/** A question with two answers. The first keeps everything as it is, and counts if the question is closed. */
interface Question {
  readonly type?: 'question' | 'warning'
  readonly message: string
  readonly detail: string
  readonly buttons: readonly [keep: string, go: string]
}

export const UNSAVED_EDITS: Question = {
  message: 'Edits of prompts are not saved.',
  detail: 'The prompts were also changed elsewhere, and wait for your choice.',
  buttons: ['Stay', 'Leave without saving']
}

/** Asks without blocking main. @returns true for the second answer; false for the first, or when `signal` ends it */
export async function confirm(
  window: BrowserWindow | null,
  question: Question,
  signal?: AbortSignal
): Promise<boolean> {
  const options = { ...optionsOf(question), ...(signal === undefined ? {} : { signal }) }
  const asking = window === null ? dialog.showMessageBox(options) : dialog.showMessageBox(window, options)
  return (await asking).response === 1
}

/** Asks a question and blocks main until the answer, for events of Electron that need a synchronous result. */
export function confirmNow(window: BrowserWindow, question: Question): boolean {
  return dialog.showMessageBoxSync(window, optionsOf(question)) === 1
}

function optionsOf({ type = 'question', message, detail, buttons }: Question): MessageBoxOptions {
  return { type, message, detail, buttons: [...buttons], defaultId: 0, cancelId: 0 }
}
