import type * as ort from 'onnxruntime-node'
import type { MinPDraw } from '../../../contract/model/sampling'
import type { DecoderSpec } from '../../family'
import {
  DRAWS_INPUTS,
  DRAWS_OUTPUTS,
  type DrawnFrom,
  drawsGraph,
  leastWeight
} from '../../graphs/draws-graph'
import { at, got } from '../../../contract/model/look-up'
import { type Device, floatTensor, integerTensor, runSession } from '../device/device'
import type { Feeds } from './layer-session'

/** For each sampler the probabilities of what is asked of some rows, end to end; NaN where a logit of the row is not finite. */
export type DrawnRows = readonly Float64Array[]

/** Logits that go through at once: beside a few results of their size they stay near the cache. */
const RUN_ELEMENTS = 2 ** 20

/** Samplers of temperature and min-p, and how likely tokens are under each of them. */
export class Draws {
  /** Those that end in a head of their own by the model that it is of. */
  private readonly sessions = new Map<DrawnFrom | DecoderSpec, ort.InferenceSession>()

  constructor(
    private readonly device: Device,
    private readonly spec: DecoderSpec,
    readonly samplers: readonly MinPDraw[]
  ) {}

  /** Of states, through a whole head. @param feeds states, final norm and head of the model */
  ofHidden(model: DecoderSpec, feeds: Feeds, asked: readonly (readonly number[])[]): Promise<DrawnRows> {
    return this.run('hidden', feeds, asked, model)
  }

  /** Of a model's logits, [rows, vocabulary]. */
  ofLogits(logits: Float32Array, asked: readonly (readonly number[])[]): Promise<DrawnRows> {
    return this.inRuns('logits', { [DRAWS_INPUTS.logits]: logits }, {}, asked)
  }

  /** Of the logits of post and base, mixed or filtered, [rows, vocabulary] each. */
  ofBoth(
    { kind, share }: { readonly kind: 'mix' | 'filter'; readonly share: number },
    { post, base }: { readonly post: Float32Array; readonly base: Float32Array },
    asked: readonly (readonly number[])[]
  ): Promise<DrawnRows> {
    const fed = floatTensor(Float32Array.of(kind === 'mix' ? share : Math.log(share)), [1])
    const rows = { [DRAWS_INPUTS.post]: post, [DRAWS_INPUTS.base]: base }
    return this.inRuns(kind, rows, { [DRAWS_INPUTS.share]: fed }, asked)
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.release()
  }

  /** @param rows matrices whose rows go together */
  private async inRuns(
    from: DrawnFrom,
    rows: Readonly<Record<string, Float32Array>>,
    others: Feeds,
    asked: readonly (readonly number[])[]
  ): Promise<DrawnRows> {
    const width = Math.max(...Object.values(rows).map(({ length }) => length)) / asked.length
    const most = Math.max(1, Math.floor(RUN_ELEMENTS / width))
    const drawn = this.samplers.map(() => new Float64Array(askedCount(asked)))
    let done = 0
    for (let first = 0; first < asked.length; first += most) {
      const some = asked.slice(first, first + most)
      const part = (matrix: Float32Array): ort.Tensor =>
        floatTensor(matrix.subarray(first * width, (first + some.length) * width), [some.length, width])
      const parts = Object.fromEntries(Object.entries(rows).map(([name, matrix]) => [name, part(matrix)]))
      const next = await this.run(from, { ...parts, ...others }, some)
      next.forEach((ofRows, sampler) => {
        at(drawn, sampler, 'sampler').set(ofRows, done)
      })
      done += askedCount(some)
    }
    return drawn
  }

  private async run(
    from: DrawnFrom,
    feeds: Feeds,
    asked: readonly (readonly number[])[],
    model = this.spec
  ): Promise<DrawnRows> {
    const key = from === 'hidden' ? model : from
    const session = this.sessions.get(key) ?? (await this.open(key, drawsGraph(model, from, this.samplers)))
    const outputs = await runSession(session, { ...feeds, [DRAWS_INPUTS.asked]: askedTensor(asked) })
    return probabilitiesOf(outputs, this.samplers, asked)
  }

  private async open(key: DrawnFrom | DecoderSpec, graph: Uint8Array): Promise<ort.InferenceSession> {
    const session = await this.device.createSession(graph)
    this.sessions.set(key, session)
    return session
  }
}

/** Tokens asked of each row; shorter rows ask for token 0 as often as is left. */
function askedTensor(asked: readonly (readonly number[])[]): ort.Tensor {
  const width = Math.max(1, ...asked.map((tokens) => tokens.length))
  const places = new BigInt64Array(asked.length * width)
  for (const [row, tokens] of asked.entries()) {
    for (const [i, token] of tokens.entries()) places[row * width + i] = BigInt(token)
  }
  return integerTensor(places, [asked.length, width])
}

/** How many probabilities are asked of rows. */
const askedCount = (asked: readonly (readonly number[])[]): number =>
  asked.reduce((sum, { length }) => sum + length, 0)

function probabilitiesOf(
  outputs: ReadonlyMap<string, Float32Array>,
  samplers: readonly MinPDraw[],
  asked: readonly (readonly number[])[]
): Float64Array[] {
  const below = got(outputs, DRAWS_OUTPUTS.below, 'output')
  const sums = got(outputs, DRAWS_OUTPUTS.sums, 'output')
  const totals = got(outputs, DRAWS_OUTPUTS.total, 'output')
  const width = below.length / asked.length
  const count = askedCount(asked)
  return samplers.map(({ temperature, minP }, sampler) => {
    const least = leastWeight(minP)
    const drawn = new Float64Array(count)
    let place = 0
    for (const [row, { length }] of asked.entries()) {
      const sum = Number.isFinite(totals[row]) ? at(sums, row * samplers.length + sampler, 'sum') : NaN
      for (let i = 0; i < length; i++) {
        const weight = Math.exp(at(below, row * width + i, 'logit') / temperature)
        drawn[place++] = weight > least || minP === 0 ? weight / sum : sum * 0
      }
    }
    return drawn
  })
}
