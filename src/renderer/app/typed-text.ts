import { z } from 'zod'

const TypedText = z.object({ text: z.string(), base: z.string() })

/**
 * Stores text that is typed and not saved yet in this tab, because a save that is sent as the page is unloaded may not
 * arrive. `base` is the saved text that it began with.
 */
export function rememberTyped(key: string, typed: z.infer<typeof TypedText> | null): void {
  try {
    if (typed === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify(typed))
  } catch {
    // Without storage, or with a full one, only the save keeps the text.
  }
}

/** Returns the text of the tab before a reload; null if there is none, or another text was saved meanwhile. */
export function typedBefore(key: string, saved: string): string | null {
  try {
    const { text, base } = TypedText.parse(JSON.parse(sessionStorage.getItem(key) ?? ''))
    return base === saved && text !== saved ? text : null
  } catch {
    return null
  }
}
