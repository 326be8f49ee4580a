const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'] as const
/** A key that moves by one step or page, or to an end. */
export type Arrow = (typeof ARROWS)[number]

/**
 * Returns the arrow key of an event, or null for another key. Combinations with Ctrl, Alt or Meta give null, because
 * they belong to the browser, such as Alt+Left for Back.
 */
export function arrowOf({
  key,
  ctrlKey,
  metaKey,
  altKey
}: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): Arrow | null {
  return ctrlKey || metaKey || altKey ? null : (ARROWS.find((arrow) => arrow === key) ?? null)
}
