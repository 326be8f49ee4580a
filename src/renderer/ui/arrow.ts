const ARROWS = [
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown'
] as const
/** A key that moves by one place, or to an end. */
export type Arrow = (typeof ARROWS)[number]

/**
 * The arrow that an event asks a widget to follow; null for other keys, and with Ctrl, Alt or Meta: such combinations belong to the
 * browser, such as Alt+Left for Back.
 */
export function arrowOf({
  key,
  ctrlKey,
  metaKey,
  altKey
}: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): Arrow | null {
  return ctrlKey || metaKey || altKey ? null : (ARROWS.find((arrow) => arrow === key) ?? null)
}
