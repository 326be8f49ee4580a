/** An action of a panel that is needed too rarely for a button. */
export interface MenuItem {
  label: string
  /** The reason why the action is blocked; null or left out when it can be taken. */
  why?: string | null
  run?: () => void
  /** Returns a text that the action copies to the clipboard. */
  copies?: () => string
}
