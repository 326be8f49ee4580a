import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../src/contract/model/look-up'
import {
  type TableColumn,
  givenOrder,
  nextOrder,
  type Order,
  sortRows,
  tableOf
} from '../../../../src/renderer/ui/table'

interface Row {
  name: string
  score: number | null
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { id: 'name', label: 'Name', words: true, value: ({ name }) => name, sort: givenOrder },
  { id: 'score', label: 'Score', value: ({ score }) => score }
]
const rows: readonly Row[] = [
  { name: 'b', score: 1 },
  { name: 'none', score: null },
  { name: 'a', score: 2 },
  { name: 'c', score: 1 }
]
const namesBy = (order: Order): string[] => sortRows(rows, COLUMNS, order).map(({ name }) => name)

describe('a table', () => {
  it('has rows without a value last in both directions, and keeps the order of equal rows', () => {
    expect(namesBy({ column: 'score', descending: true })).toEqual(['a', 'b', 'c', 'none'])
    expect(namesBy({ column: 'score', descending: false })).toEqual(['b', 'c', 'a', 'none'])
    expect(namesBy({ column: 'name', descending: true })).toEqual(['c', 'a', 'none', 'b'])
    expect(namesBy({ column: null, descending: true })).toEqual(['b', 'none', 'a', 'c'])
  })

  it('is sorted from the greatest number, then from the least, then as given', () => {
    const orders = [1, 2, 3].reduce<Order[]>(
      (all) => [
        ...all,
        nextOrder(all.at(-1) ?? { column: 'name', descending: false }, elementAt(COLUMNS, 1, 'column'))
      ],
      []
    )
    expect(orders).toEqual([
      { column: 'score', descending: true },
      { column: 'score', descending: false },
      { column: null, descending: false }
    ])
  })

  it('is sorted by text ascending first, unless its column has the best text last', () => {
    const before: Order = { column: 'score', descending: true }
    const column = { id: 'state', words: true, label: 'State', value: ({ name }: Row) => name }
    expect(nextOrder(before, column)).toEqual({ column: 'state', descending: false })
    expect(nextOrder(before, { ...column, isAscending: false })).toEqual({
      column: 'state',
      descending: true
    })
  })

  it('is exported with unformatted values', () => {
    expect(tableOf(COLUMNS, rows).rows[1]).toEqual(['none', null])
  })
})
