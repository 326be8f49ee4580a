import { elementAt } from '../../../contract/model/look-up'
import { changedIndices, type DrawnCells, NO_CELLS } from './heatmap-cells'

export type CellElement = Pick<Element, 'setAttribute' | 'toggleAttribute'>

interface CellsState {
  chosen: string | null
  /** Key of the cell that Tab focuses. */
  stop: string
}

/**
 * Writes labels and focus state to the elements of the grid. Only elements that changed are written. One effect per
 * cell would check thousands of cells for each new score.
 */
export class SpokenCells {
  private elements: readonly CellElement[] = []
  private spoken = NO_CELLS
  private indexOfKey: ReadonlyMap<string, number> = new Map()
  private chosen: CellElement | undefined
  private stop: CellElement | undefined

  /**
   * Updates the elements.
   *
   * @param elements one per cell; a new array for new elements, with their previous attributes
   */
  speak(elements: readonly CellElement[], shown: DrawnCells, { chosen, stop }: CellsState): void {
    if (elements !== this.elements) {
      this.elements = elements
      this.spoken = NO_CELLS
      this.indexOfKey = new Map(shown.cells.map(({ key }, index) => [key, index]))
    }
    for (const index of changedIndices(this.spoken, shown)) {
      const { label, partial } = elementAt(shown.cells, index, 'cell')
      const previous = this.spoken.cells[index]
      const element = elementAt(elements, index, 'cell')
      // A new colour scale changes thousands of cells, but not their labels.
      if (previous?.label !== label) element.setAttribute('aria-label', label)
      if (previous?.partial !== partial) element.toggleAttribute('data-partial', partial)
    }
    this.spoken = shown
    this.chosen = moved('aria-selected', ['false', 'true'], this.chosen, this.elementOf(chosen))
    this.stop = moved('tabindex', ['-1', '0'], this.stop, this.elementOf(stop))
  }

  private elementOf(key: string | null): CellElement | undefined {
    const index = key === null ? undefined : this.indexOfKey.get(key)
    return index === undefined ? undefined : this.elements[index]
  }
}

/** Moves an attribute's second value from one element to another, which is returned. */
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
