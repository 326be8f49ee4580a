import type * as ort from 'onnxruntime-node'
import { type DecoderSpec, rotarySizeOf } from '../../family'
import { ROTARY_INPUTS, type RotaryTables } from '../../graphs/layer-builder'
import { rotaryTables, type Rope } from '../../family/rope'
import { floatTensor } from '../device/device'

/** Creates the cos and sin tables of RoPE for the positions 0 to positionCount - 1, once for each kind of RoPE. */
export class RotaryFeeds {
  private readonly cache = new Map<Rope, { readonly cos: ort.Tensor; readonly sin: ort.Tensor }>()

  constructor(
    private readonly spec: DecoderSpec,
    private readonly positionCount: number
  ) {}

  of(rope: Rope, names: RotaryTables = ROTARY_INPUTS): Readonly<Record<string, ort.Tensor>> {
    const { cos, sin } = this.tables(rope)
    return { [names.cos]: cos, [names.sin]: sin }
  }

  private tables(rope: Rope): { readonly cos: ort.Tensor; readonly sin: ort.Tensor } {
    const cached = this.cache.get(rope)
    if (cached !== undefined) return cached
    const rotarySize = rotarySizeOf(this.spec, rope)
    const { cos, sin } = rotaryTables(rope, rotarySize, this.positionCount)
    const dims = [this.positionCount, rotarySize / 2]
    const tensors = { cos: floatTensor(cos, dims), sin: floatTensor(sin, dims) }
    this.cache.set(rope, tensors)
    return tensors
  }
}
