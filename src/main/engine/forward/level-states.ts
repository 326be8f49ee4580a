import type * as ort from 'onnxruntime-node'
import { at, got } from '../../../contract/model/look-up'
import type { LevelNode } from '../tries/trie-parts'
import type { NodeStates } from './node-states'

/** States of the nodes above a level, each freed when the last of its children that are computed has been, and of those children as they come. */
export class LevelStates {
  /** By node of the level. */
  readonly children: ort.Tensor[] = []
  /** How many children of each parent are still to be computed. */
  private readonly left = new Map<number, number>()

  constructor(
    private readonly store: NodeStates,
    private readonly parents: readonly ort.Tensor[],
    nodes: readonly LevelNode[]
  ) {
    for (const { parent } of nodes) this.left.set(parent, (this.left.get(parent) ?? 0) + 1)
  }

  /** What some nodes go on from, as the input of a run. */
  join(nodes: readonly LevelNode[]): ort.Tensor {
    return this.store.join(nodes.map(({ parent }) => at(this.parents, parent, 'state')))
  }

  /** To be called when nodes have been computed. */
  done(nodes: readonly LevelNode[]): void {
    for (const { parent } of nodes) {
      const left = got(this.left, parent, 'parent') - 1
      this.left.set(parent, left)
      if (left === 0) this.store.free(at(this.parents, parent, 'state'))
    }
  }

  /** @param output of the run that computed the nodes */
  keep(nodes: readonly LevelNode[], output: ort.Tensor): void {
    for (const [i, state] of this.store.keep(output).entries()) {
      this.children[at(nodes, i, 'node').node] = state
    }
  }
}
