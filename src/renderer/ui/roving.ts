import type { Attachment } from 'svelte/attachments'
import { type Arrow, arrowOf } from './arrow'

/** A cell of a grid or table, counted from 0. */
export interface Cell {
  readonly row: number
  readonly column: number
}

/** Maps a cell to the next one. The result may lie outside the table. */
export type Step = (at: Cell) => Cell

export const ARROW_STEPS: Readonly<Partial<Record<Arrow, Step>>> = {
  ArrowDown: ({ row, column }) => ({ row: row + 1, column }),
  ArrowUp: ({ row, column }) => ({ row: row - 1, column }),
  ArrowRight: ({ row, column }) => ({ row, column: column + 1 }),
  ArrowLeft: ({ row, column }) => ({ row, column: column - 1 }),
  Home: ({ row }) => ({ row, column: 0 }),
  End: ({ row }) => ({ row, column: Infinity })
}

const within = (column: number, { length }: readonly unknown[]): number => Math.max(0, Math.min(column, length - 1))

/**
 * Returns the stop that an arrow leads to; undefined if the table lacks the current one. A single column is a list, in
 * which the left and right arrows move too.
 */
export function nextStop<Stop>(table: readonly (readonly Stop[])[], current: Stop, step: Step): Stop | undefined {
  const isList = table.every(({ length }) => length === 1)
  const rows = isList ? [table.flat()] : table
  const row = rows.findIndex((stops) => stops.includes(current))
  const next = step({ row, column: rows[row]?.indexOf(current) ?? 0 })
  if (row === -1) return undefined
  const target = rows[within(next.row, rows)]
  return target?.[within(next.column + (isList ? next.row - row : 0), target)]
}

/**
 * Makes the buttons of a table or list one stop of the Tab key. Arrows move between the buttons, and Tab returns to
 * the one used last.
 *
 * @param buttons selects the buttons within the group
 * @param rows selects the rows of buttons; a group without rows is a list
 */
export function roving(buttons: string, rows = 'tr'): Attachment<HTMLElement> {
  return (group) => {
    const all = (): HTMLElement[] => [...group.querySelectorAll<HTMLElement>(buttons)]
    let current: HTMLElement | null = null

    /** Updates `tabIndex` of the buttons. It runs again when buttons are added or removed. */
    const updateTabStops = (): void => {
      const stops = all()
      if (current === null || !stops.includes(current)) current = stops[0] ?? null
      for (const stop of stops) {
        const tabIndex = stop === current ? 0 : -1
        if (stop.tabIndex !== tabIndex) stop.tabIndex = tabIndex
      }
    }
    const focused = ({ target }: FocusEvent): void => {
      current = all().find((stop) => stop === target) ?? current
      updateTabStops()
    }
    const pressed = (event: KeyboardEvent): void => {
      const arrow = arrowOf(event)
      const step = arrow === null ? undefined : ARROW_STEPS[arrow]
      const stops = all()
      const rowOf = (stop: HTMLElement): Element => stop.closest(rows) ?? stop
      const table = [...new Set(stops.map(rowOf))].map((row) => stops.filter((stop) => rowOf(stop) === row))
      const pressedStop = stops.find((stop) => stop === event.target)
      const next = pressedStop && step && nextStop(table, pressedStop, step)
      if (next === undefined) return
      event.preventDefault()
      next.focus()
    }

    updateTabStops()
    const observer = new MutationObserver(updateTabStops)
    observer.observe(group, { subtree: true, childList: true })
    group.addEventListener('focusin', focused)
    group.addEventListener('keydown', pressed)
    return () => {
      observer.disconnect()
      group.removeEventListener('focusin', focused)
      group.removeEventListener('keydown', pressed)
    }
  }
}
