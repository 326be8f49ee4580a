import type * as ort from 'onnxruntime-node'
import { at } from '../../base/look-up'
import type { TrieEdge, TrieLevel } from '../tries/recipe-trie'
import type { NodeStates } from './node-states'

/** A node of a level, and the node of the level above that it goes on from. */
export interface LevelNode {
  readonly node: number
  readonly parent: number
}

/** The nodes that one of a level's blocks leads to. */
export function nodesOfBlock(level: TrieLevel, block: number): LevelNode[] {
  return level.nodes.flatMap((edge, node) => (edge.block === block ? [{ node, parent: edge.parent }] : []))
}

/** States of the nodes above a level, each freed when its last child has been computed, and of those children as they come. */
export class LevelStates {
  /** By node of the level; complete when all of its blocks have run. */
  readonly children: ort.Tensor[] = []
  /** How many children of each parent are still to be computed. */
  private readonly left: number[]

  constructor(
    private readonly store: NodeStates,
    private readonly parents: readonly ort.Tensor[],
    nodes: readonly TrieEdge[]
  ) {
    this.left = new Array<number>(parents.length).fill(0)
    for (const { parent } of nodes) this.count(parent, 1)
  }

  /** What some nodes go on from, as the input of a run. */
  join(nodes: readonly LevelNode[]): ort.Tensor {
    return this.store.join(nodes.map(({ parent }) => at(this.parents, parent, 'state')))
  }

  /** To be called when nodes have been computed. */
  done(nodes: readonly LevelNode[]): void {
    for (const { parent } of nodes) {
      if (this.count(parent, -1) === 0) this.store.free(at(this.parents, parent, 'state'))
    }
  }

  /** @param output of the run that computed the nodes */
  keep(nodes: readonly LevelNode[], output: ort.Tensor): void {
    for (const [i, state] of this.store.keep(output).entries()) {
      this.children[at(nodes, i, 'node').node] = state
    }
  }

  private count(parent: number, step: number): number {
    const left = at(this.left, parent, 'parent') + step
    this.left[parent] = left
    return left
  }
}
