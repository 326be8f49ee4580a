import type { Attachment } from 'svelte/attachments'

const STOPS = 'input, textarea, select, button'

/** Reports whether an arrow key leaves a field. A text area is left at its start or end, or if it has one line. */
function leaves(target: Element, down: boolean): boolean {
  if (target instanceof HTMLSelectElement) return false
  if (!(target instanceof HTMLTextAreaElement)) return true
  const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(target)
  const lines = (target.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight)
  const { selectionStart, selectionEnd, value } = target
  return lines < 1.5 || (selectionStart === selectionEnd && selectionStart === (down ? value.length : 0))
}

/**
 * Makes the fields and buttons of one row the only Tab stops of a table. Up and Down move to the same column of the
 * next row. In a text of several lines they do so only at its start and end.
 *
 * @param index index of that row among the rows shown; the first row is used if there is none
 */
export function rowStops(index: number): Attachment<HTMLElement> {
  return (body) => {
    const rows = (): Element[] => [...body.children]
    const stopsOf = (row: Element | undefined): HTMLElement[] => [...(row?.querySelectorAll<HTMLElement>(STOPS) ?? [])]

    /** Updates `tabIndex` of all rows. It runs again when rows are added or removed. */
    const updateTabStops = (): void => {
      const all = rows()
      const current = all[index] ?? all[0]
      for (const row of all) {
        const tabIndex = row === current ? 0 : -1
        for (const stop of stopsOf(row)) if (stop.tabIndex !== tabIndex) stop.tabIndex = tabIndex
      }
    }
    const pressed = (event: KeyboardEvent): void => {
      const { key, target } = event
      const down = key === 'ArrowDown'
      if (!(down || key === 'ArrowUp') || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return
      const row = target instanceof Element ? target.closest('tr') : null
      if (!(target instanceof HTMLElement) || row === null || !leaves(target, down)) return
      const column = stopsOf(row).indexOf(target)
      const beside = down ? row.nextElementSibling : row.previousElementSibling
      const next = beside === null ? undefined : stopsOf(beside)[column]
      if (next === undefined) return
      event.preventDefault()
      next.focus()
    }

    updateTabStops()
    const observer = new MutationObserver(updateTabStops)
    observer.observe(body, { childList: true })
    body.addEventListener('keydown', pressed)
    return () => {
      observer.disconnect()
      body.removeEventListener('keydown', pressed)
    }
  }
}
