import { at } from '../../../contract/model/look-up'
import { changedPlaces, type DrawnCells, NO_CELLS } from './heatmap-cells'

/** What of a cell's element is written to. */
export type CellElement = Pick<Element, 'setAttribute' | 'toggleAttribute'>

/** Keys of cells. */
export interface CellsState {
  chosen: string | null
  /** Which one the keyboard comes to. */
  stop: string
}

/**
 * Has the elements of a grid say what its cells are, and take the focus. Only those that say something else than they did are written
 * to: with an effect for each of thousands, every one of them is asked whether it has changed whenever a score arrives.
 */
export class SpokenCells {
  private elements: readonly CellElement[] = []
  private spoken = NO_CELLS
  private places: ReadonlyMap<string, number> = new Map()
  private chosen: CellElement | undefined
  private stop: CellElement | undefined

  /** @param elements of the cells; another array where they are others, those of before as they were left */
  speak(elements: readonly CellElement[], shown: DrawnCells, { chosen, stop }: CellsState): void {
    if (elements !== this.elements) {
      this.elements = elements
      this.spoken = NO_CELLS
      this.places = new Map(shown.cells.map(({ key }, place) => [key, place]))
    }
    for (const place of changedPlaces(this.spoken, shown)) {
      const { label, partial } = at(shown.cells, place, 'place')
      const said = this.spoken.cells[place]
      const element = at(elements, place, 'place')
      // With another scale of colours thousands of cells are others, and say what they said.
      if (said?.label !== label) element.setAttribute('aria-label', label)
      if (said?.partial !== partial) element.toggleAttribute('data-partial', partial)
    }
    this.spoken = shown
    this.chosen = moved('aria-selected', ['false', 'true'], this.chosen, this.elementOf(chosen))
    this.stop = moved('tabindex', ['-1', '0'], this.stop, this.elementOf(stop))
  }

  private elementOf(key: string | null): CellElement | undefined {
    const place = key === null ? undefined : this.places.get(key)
    return place === undefined ? undefined : this.elements[place]
  }
}

/** Takes an attribute's second value from one element to another, which it returns. */
function moved(
  name: string,
  [off, on]: readonly [string, string],
  from: CellElement | undefined,
  to: CellElement | undefined
): CellElement | undefined {
  if (from === to) return to
  from?.setAttribute(name, off)
  to?.setAttribute(name, on)
  return to
}
