import type { Attachment } from 'svelte/attachments'

const STOPS = 'input, textarea, select, button'

/** Whether an arrow leaves a field: from where there is no line of it left in that direction. */
function leaves(target: Element, down: boolean): boolean {
  if (target instanceof HTMLSelectElement) return false
  if (!(target instanceof HTMLTextAreaElement)) return true
  const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(target)
  const lines =
    (target.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight)
  const { selectionStart, selectionEnd, value } = target
  return lines < 1.5 || (selectionStart === selectionEnd && selectionStart === (down ? value.length : 0))
}

/**
 * Makes the fields and buttons of one row of a table the only stops of the Tab key among all rows. Up and Down lead to the same
 * column of the row beside it; in a text of several lines they do so from its ends.
 *
 * @param place of the row, among those that are shown; the first where there is none
 */
export function rowStops(place: number): Attachment<HTMLElement> {
  return (body) => {
    const rows = (): Element[] => [...body.children]
    const stopsOf = (row: Element | undefined): HTMLElement[] => [
      ...(row?.querySelectorAll<HTMLElement>(STOPS) ?? [])
    ]

    /** Also after rows came or went. */
    const settle = (): void => {
      const all = rows()
      const current = all[place] ?? all[0]
      for (const row of all) {
        const tabIndex = row === current ? 0 : -1
        for (const stop of stopsOf(row)) if (stop.tabIndex !== tabIndex) stop.tabIndex = tabIndex
      }
    }
    const pressed = (event: KeyboardEvent): void => {
      const { key, target } = event
      const down = key === 'ArrowDown'
      if (!(down || key === 'ArrowUp') || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey)
        return
      const row = target instanceof Element ? target.closest('tr') : null
      if (!(target instanceof HTMLElement) || row === null || !leaves(target, down)) return
      const column = stopsOf(row).indexOf(target)
      const beside = down ? row.nextElementSibling : row.previousElementSibling
      const next = beside === null ? undefined : stopsOf(beside)[column]
      if (next === undefined) return
      event.preventDefault()
      next.focus()
    }

    settle()
    const observer = new MutationObserver(settle)
    observer.observe(body, { childList: true })
    body.addEventListener('keydown', pressed)
    return () => {
      observer.disconnect()
      body.removeEventListener('keydown', pressed)
    }
  }
}
