import type * as ort from 'onnxruntime-node'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import type { LevelNode } from '../tries/trie-parts'
import type { NodeStates } from './node-states'

/**
 * Hidden states before and after one layer. A level of the trie has a node for each distinct model up to its layer. A
 * parent's state is freed after the last of its children has been computed.
 */
export class LevelStates {
  /** States by node of the level. */
  readonly children: ort.Tensor[] = []
  private readonly remaining = new Map<number, number>()

  constructor(
    private readonly store: NodeStates,
    private readonly parents: readonly ort.Tensor[],
    nodes: readonly LevelNode[]
  ) {
    for (const { parent } of nodes) this.remaining.set(parent, (this.remaining.get(parent) ?? 0) + 1)
  }

  /** Joins the parents' states of some nodes as the input of a run. */
  join(nodes: readonly LevelNode[]): ort.Tensor {
    return this.store.join(nodes.map(({ parent }) => elementAt(this.parents, parent, 'state')))
  }

  /** Records that nodes have been computed, and frees parents without remaining children. */
  done(nodes: readonly LevelNode[]): void {
    for (const { parent } of nodes) {
      const remaining = mapGet(this.remaining, parent, 'parent') - 1
      this.remaining.set(parent, remaining)
      if (remaining === 0) this.store.free(elementAt(this.parents, parent, 'state'))
    }
  }

  keep(nodes: readonly LevelNode[], output: ort.Tensor): void {
    for (const [i, state] of this.store.keep(output).entries()) {
      this.children[elementAt(nodes, i, 'node').node] = state
    }
  }
}
