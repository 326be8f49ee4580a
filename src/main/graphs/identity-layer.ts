import type { LayerBuilder } from './layer-builder'
import type { RecurrentLayer, RecurrentShape } from './recurrent-shape'

/** A layer without an attention half: its rows pass unchanged, and it carries no numbers from token to token. */
export class IdentityLayer implements RecurrentLayer {
  constructor(private readonly layer: LayerBuilder) {}

  packed(rows: string, { parents }: RecurrentShape): { attended: string; inputs: string; states: null } {
    const { graph, spec } = this.layer
    const byNode = graph.reshape('recurrent/nodes', rows, [-1, parents.length, spec.hiddenSize])
    return { attended: rows, inputs: this.empty(byNode), states: null }
  }

  step(hidden: string, _past: string, state: string): { attended: string; input: string; state: string } {
    return { attended: hidden, input: this.empty(hidden), state }
  }

  /** Takes no columns of rows. */
  private empty(rows: string): string {
    const [empty = ''] = this.layer.splitColumns('recurrent/columns', rows, [0, this.layer.spec.hiddenSize])
    return empty
  }
}
