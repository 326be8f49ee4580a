import type * as ort from 'onnxruntime-node'
import type { MinPDraw } from '../../../contract/model/sampling'
import type { DecoderSpec } from '../../family'
import { DRAWS_INPUTS, DRAWS_OUTPUTS, type DrawnFrom, drawsGraph, minWeight } from '../../graphs/draws-graph'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { type Device, floatTensor, integerTensor, runSession } from '../device/device'
import type { Feeds } from './layer-session'

/**
 * For each sampler an array with the requested probabilities, row after row. NaN in a row with a logit that is not
 * finite.
 */
export type DrawnRows = readonly Float64Array[]

/** Logits that one run computes at most, unless a row has more. */
const RUN_ELEMENTS = 2 ** 20

/**
 * Computes probabilities of tokens under samplers that have only temperature and min-p. In all functions, `targets` are
 * the tokens of each row whose probabilities are requested.
 */
export class Draws {
  /** Sessions by the source of their logits. Sessions that contain a head are stored by the spec of its model. */
  private readonly sessions = new Map<DrawnFrom | DecoderSpec, ort.InferenceSession>()

  constructor(
    private readonly device: Device,
    private readonly spec: DecoderSpec,
    readonly samplers: readonly MinPDraw[]
  ) {}

  /** Computes probabilities from states after the last layer. @param feeds inputs of a head's graph */
  ofHidden(model: DecoderSpec, feeds: Feeds, targets: readonly (readonly number[])[]): Promise<DrawnRows> {
    return this.run('hidden', feeds, targets, model)
  }

  /** Computes probabilities from the logits of one model, [rows, vocabulary]. */
  ofLogits(logits: Float32Array, targets: readonly (readonly number[])[]): Promise<DrawnRows> {
    return this.inRuns('logits', { [DRAWS_INPUTS.logits]: logits }, {}, targets)
  }

  /** Computes probabilities from logits of post and base, which a baseline combines by its `share`. */
  ofBoth(
    { kind, share }: { readonly kind: 'mix' | 'filter'; readonly share: number },
    { post, base }: { readonly post: Float32Array; readonly base: Float32Array },
    targets: readonly (readonly number[])[]
  ): Promise<DrawnRows> {
    const shareTensor = floatTensor(Float32Array.of(kind === 'mix' ? share : Math.log(share)), [1])
    const rows = { [DRAWS_INPUTS.post]: post, [DRAWS_INPUTS.base]: base }
    return this.inRuns(kind, rows, { [DRAWS_INPUTS.share]: shareTensor }, targets)
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.release()
  }

  /** Divides rows into runs of limited size. @param rows matrices with a row for each target @param others all else */
  private async inRuns(
    from: DrawnFrom,
    rows: Readonly<Record<string, Float32Array>>,
    others: Feeds,
    targets: readonly (readonly number[])[]
  ): Promise<DrawnRows> {
    const width = Math.max(...Object.values(rows).map(({ length }) => length)) / targets.length
    const maxRows = Math.max(1, Math.floor(RUN_ELEMENTS / width))
    const drawn = this.samplers.map(() => new Float64Array(countTargets(targets)))
    let done = 0
    for (let first = 0; first < targets.length; first += maxRows) {
      const rangeTargets = targets.slice(first, first + maxRows)
      const part = (matrix: Float32Array): ort.Tensor =>
        floatTensor(matrix.subarray(first * width, (first + rangeTargets.length) * width), [rangeTargets.length, width])
      const parts = Object.fromEntries(Object.entries(rows).map(([name, matrix]) => [name, part(matrix)]))
      const next = await this.run(from, { ...parts, ...others }, rangeTargets)
      for (const [sampler, ofRows] of next.entries()) elementAt(drawn, sampler, 'sampler').set(ofRows, done)
      done += countTargets(rangeTargets)
    }
    return drawn
  }

  private async run(
    from: DrawnFrom,
    feeds: Feeds,
    targets: readonly (readonly number[])[],
    model = this.spec
  ): Promise<DrawnRows> {
    const key = from === 'hidden' ? model : from
    const session = this.sessions.get(key) ?? (await this.open(key, drawsGraph(model, from, this.samplers)))
    const outputs = await runSession(session, { ...feeds, [DRAWS_INPUTS.requested]: targetsTensor(targets) })
    return probabilitiesOf(outputs, this.samplers, targets)
  }

  private async open(key: DrawnFrom | DecoderSpec, graph: Uint8Array): Promise<ort.InferenceSession> {
    const session = await this.device.createSession(graph)
    this.sessions.set(key, session)
    return session
  }
}

/** Joins targets to a matrix, [rows, most targets of a row]. Shorter rows are filled up with token 0. */
function targetsTensor(targets: readonly (readonly number[])[]): ort.Tensor {
  const width = Math.max(1, ...targets.map((tokens) => tokens.length))
  const tokenIds = new BigInt64Array(targets.length * width)
  for (const [row, tokens] of targets.entries()) {
    for (const [i, token] of tokens.entries()) tokenIds[row * width + i] = BigInt(token)
  }
  return integerTensor(tokenIds, [targets.length, width])
}

const countTargets = (targets: readonly (readonly number[])[]): number =>
  targets.reduce((sum, { length }) => sum + length, 0)

function probabilitiesOf(
  outputs: ReadonlyMap<string, Float32Array>,
  samplers: readonly MinPDraw[],
  targets: readonly (readonly number[])[]
): Float64Array[] {
  const below = mapGet(outputs, DRAWS_OUTPUTS.below, 'output')
  const sums = mapGet(outputs, DRAWS_OUTPUTS.sums, 'output')
  const totals = mapGet(outputs, DRAWS_OUTPUTS.total, 'output')
  const width = below.length / targets.length
  const count = countTargets(targets)
  return samplers.map(({ temperature, minP }, sampler) => {
    const threshold = minWeight(minP)
    const drawn = new Float64Array(count)
    let index = 0
    for (const [row, { length }] of targets.entries()) {
      const sum = Number.isFinite(totals[row]) ? elementAt(sums, row * samplers.length + sampler, 'sum') : NaN
      for (let i = 0; i < length; i++) {
        const weight = Math.exp(elementAt(below, row * width + i, 'logit') / temperature)
        // A token that min-p removes has 0, or NaN if the sum is NaN.
        drawn[index++] = weight > threshold || minP === 0 ? weight / sum : sum * 0
      }
    }
    return drawn
  })
}
