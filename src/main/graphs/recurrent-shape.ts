/**
 * The chunks in which a recurrence of packed rows is computed. A row is a token of the prompts, whose equal beginnings
 * are stored once. A chunk is consecutive rows of a prompt. `recurrentLayout` of the engine makes the chunks.
 */
export interface RecurrentShape {
  /** Index of the row before each row, [rows]. At the beginning of a prompt it is the number of rows. */
  readonly parents: Int32Array
  /** Chunks by level, in groups of one length. A chunk continues from a state after a chunk of the level before. */
  readonly levels: readonly (readonly ChunkGroup[])[]
  /** Index of each row's result in the concatenated results of all groups, [rows]. */
  readonly resultIndex: Int32Array
  /** Chunks after which the state is an output. Chunks are counted from 0 over all groups of their level. */
  readonly ends: readonly { readonly level: number; readonly chunk: number }[]
}

export interface ChunkGroup {
  /** A power of two. */
  readonly length: number
  /** Indices of the chunks' rows, [chunks x length]. Short chunks are filled up with the index of a row of zeros. */
  readonly rows: Int32Array
  /** Number, in the level before, of the chunk that each chunk follows, [chunks]; empty on the first level. */
  readonly before: Int32Array
}

/** Builds the part of a layer that carries a state from token to token, in place of attention or beside it. */
export interface RecurrentLayer {
  /**
   * Computes packed rows, [nodes x rows, hidden]. A node is the states of all rows in one model or several equal ones.
   * @returns `output` before the residual, `inputs` of the convolution, [nodes, rows, channels], and `states` after the
   *   ends, [nodes, ends, state]; null without ends
   */
  packed(rows: string, shape: RecurrentShape): { output: string; inputs: string; states: string | null }

  /**
   * Computes one token in decoding, where a row is an answer that is being written, [rows, hidden].
   * @param past earlier inputs of the convolution, [rows, kernel - 1, channels]. @param state shaped by `stateDims`.
   * @returns `output` before the residual, `input` of the convolution, [rows, channels], and `state`, [rows, state]
   */
  step(hidden: string, past: string, state: string): { output: string; input: string; state: string }
}
