/** Cost of an input row in the last layer, relative to other layers. Most work there is for the final rows only. */
const INPUT_ROW_SHARE = 1 / 2

/** The number of nodes that one run of a block computes: in the last layer, and in all layers before it. */
export interface NodesPerRun {
  readonly full: number
  readonly last: number
}

/** @param rows packed rows of a node, `finalRowCount` of which go through most of the last layer */
export function nodesPerRun(rowBound: number, rows: number, finalRowCount: number): NodesPerRun {
  const nodes = (nodeRows: number): number => Math.max(1, Math.round(rowBound / nodeRows))
  return { full: nodes(rows), last: nodes(Math.max(finalRowCount, rows * INPUT_ROW_SHARE)) }
}
