/** Describes the point, cell or bars under the pointer. */
export interface Readout {
  name: string
  lines: readonly { label: string; value: string }[]
  /** States on how many prompts the values are based; left out if the chart itself says so. */
  basis?: string
}
