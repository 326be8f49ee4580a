import type { Attachment } from 'svelte/attachments'
import { type Arrow, arrowOf } from './arrow'

/** Where an arrow leads: from a row and a place in it to others, which may lie beyond the last. */
type Step = (at: { row: number; place: number }) => { row: number; place: number }

const STEPS: Readonly<Partial<Record<Arrow, Step>>> = {
  ArrowDown: ({ row, place }) => ({ row: row + 1, place }),
  ArrowUp: ({ row, place }) => ({ row: row - 1, place }),
  ArrowRight: ({ row, place }) => ({ row, place: place + 1 }),
  ArrowLeft: ({ row, place }) => ({ row, place: place - 1 }),
  Home: ({ row }) => ({ row, place: 0 }),
  End: ({ row }) => ({ row, place: Infinity })
}

const within = (place: number, { length }: readonly unknown[]): number =>
  Math.max(0, Math.min(place, length - 1))

/**
 * Makes the buttons of a table or a list one stop of the Tab key: arrows go from one to the next, and Tab comes back to the one that
 * was left.
 *
 * @param buttons selects them within the group
 * @param rows selects what holds a row of them; one without rows is a list
 */
export function roving(buttons: string, rows = 'tr'): Attachment<HTMLElement> {
  return (group) => {
    const all = (): HTMLElement[] => [...group.querySelectorAll<HTMLElement>(buttons)]
    let current: HTMLElement | null = null

    /** Also after some were added or removed. */
    const settle = (): void => {
      const stops = all()
      if (current === null || !stops.includes(current)) current = stops[0] ?? null
      for (const stop of stops) {
        const tabIndex = stop === current ? 0 : -1
        if (stop.tabIndex !== tabIndex) stop.tabIndex = tabIndex
      }
    }
    const came = ({ target }: FocusEvent): void => {
      current = all().find((stop) => stop === target) ?? current
      settle()
    }
    const pressed = (event: KeyboardEvent): void => {
      const arrow = arrowOf(event)
      const step = arrow === null ? undefined : STEPS[arrow]
      const stops = all()
      const rowOf = (stop: HTMLElement): Element => stop.closest(rows) ?? stop
      const table = [...new Set(stops.map(rowOf))].map((row) => stops.filter((stop) => rowOf(stop) === row))
      // A single column is a list, in which arrows to the side lead on as well.
      const isList = table.every(({ length }) => length === 1)
      const lines = isList ? [stops] : table
      const row = lines.findIndex((line) => line.some((stop) => stop === event.target))
      const line = lines[row]
      if (step === undefined || line === undefined) return
      event.preventDefault()
      const at = { row, place: line.findIndex((stop) => stop === event.target) }
      const next = step(at)
      if (isList) next.place += next.row - row
      const to = lines[within(next.row, lines)]
      to?.[within(next.place, to)]?.focus()
    }

    settle()
    const observer = new MutationObserver(settle)
    observer.observe(group, { subtree: true, childList: true })
    group.addEventListener('focusin', came)
    group.addEventListener('keydown', pressed)
    return () => {
      observer.disconnect()
      group.removeEventListener('focusin', came)
      group.removeEventListener('keydown', pressed)
    }
  }
}
