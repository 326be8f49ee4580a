import { elementAt } from '../contract/model/look-up'

/** Formats a table, with the first column aligned left and all others right. @param columns titles, divided by ` | ` */
export function section(title: string, columns: string, rows: readonly string[][], note?: string): string {
  const header = columns.split(' | ')
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => elementAt(row, column, 'cell').length))
  )
  const rowText = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = elementAt(widths, column, 'column')
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
  return ['', title, rowText(header), ...rows.map(rowText), ...(note === undefined ? [] : [note]), ''].join('\n')
}

export function times(ratio: number): string {
  return `${ratio.toFixed(1)}x`
}

export function ratio(value: number): string {
  return `${value.toFixed(2)}x`
}

export function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}

export function gflopsPerSecond(value: number): string {
  return `${value.toFixed(0)} GFLOP/s`
}

export function gigaflops(flops: number): string {
  return `${(flops / 1e9).toFixed(0)} GFLOP`
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}
