import type * as ort from 'onnxruntime-node'
import type { DecoderSpec } from '../family'
import { ROTARY_INPUTS } from '../family/layer-builder'
import { rotaryTables, type Rope } from '../family/rope'
import { floatTensor } from './device'

/** cos and sin feeds for the positions 0 .. positionCount - 1, by RoPE kind: sliding and full layers may rotate differently. */
export class RotaryFeeds {
  private readonly cache = new Map<Rope, Readonly<Record<string, ort.Tensor>>>()

  constructor(
    private readonly spec: DecoderSpec,
    private readonly positionCount: number
  ) {}

  of(rope: Rope): Readonly<Record<string, ort.Tensor>> {
    const cached = this.cache.get(rope)
    if (cached !== undefined) return cached
    const { rotarySize } = this.spec
    const { cos, sin } = rotaryTables(rope, rotarySize, this.positionCount)
    const dims = [this.positionCount, rotarySize / 2]
    const feeds = { [ROTARY_INPUTS.cos]: floatTensor(cos, dims), [ROTARY_INPUTS.sin]: floatTensor(sin, dims) }
    this.cache.set(rope, feeds)
    return feeds
  }
}
