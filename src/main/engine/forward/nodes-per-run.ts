/** Cost of an input row in the last layer, relative to other layers. Most work there is for the final rows only. */
const INPUT_ROW_SHARE = 1 / 2

/** Numbers of nodes (hidden states of distinct models) that one run of a block computes. */
export interface NodesPerRun {
  readonly full: number
  readonly last: number
}

/**
 * Returns how many nodes have about `rowBound` rows together, at least one.
 * @param rows packed rows of a node. @param finalRowCount rows that go through most of the last layer
 */
export function nodesPerRun(rowBound: number, rows: number, finalRowCount: number): NodesPerRun {
  const nodes = (nodeRows: number): number => Math.max(1, Math.round(rowBound / nodeRows))
  return { full: nodes(rows), last: nodes(Math.max(finalRowCount, rows * INPUT_ROW_SHARE)) }
}
