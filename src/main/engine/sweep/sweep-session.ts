import type { DeviceName } from '../../../contract/model/device'
import type { SessionRequest, SweepRequest } from '../../../contract/procedures/engine'
import { KeptStates } from '../forward/kept-states'
import type { AnswerTrie } from '../tries/answer-trie'
import { nodesBefore } from '../tries/trie-parts'
import { KeptWeights } from '../weights/kept-weights'
import type { ReadAhead } from '../weights/read-ahead'
import { DECODER_BYTES } from '../weights/weight-decoder'
import { type GroupingInParts, sweepGroups } from './kept-parts'
import type { SweptModels } from './sweep-memory'
import { type Opened, SweepMeans } from './sweep-means'
import { allReads, LEAST_SHARE, READERS, WeightsAhead } from './weights-ahead'

/**
 * A stage that leaves nothing keeps none of its weights where so much has not been read yet: memory that is new takes twice as long to get as to
 * fill. Below that what is read twice costs a short sweep more than its first scores gain.
 */
const PASSED_BYTES = 2 ** 30

/** What a stage of a session does, and keeps meanwhile. */
export interface StagePlan {
  readonly grouping: GroupingInParts
  /** Bytes that are kept, or taken beside what is planned, at most. */
  readonly keptBytes: number
  /** Threads that read. */
  readonly readers: number
}

/**
 * What the stages of a sweep, which come one after the other, leave for those after them: what they have open, weights as they are computed
 * with, and hidden states. All of one pair, on one device, in one precision.
 */
export class SweepSession {
  readonly weights = new KeptWeights()
  readonly states = new KeptStates()
  /** Null before the first stage, and after one that did not come to its end: nobody knows what that left of them. */
  private means: Promise<SweepMeans> | null = null
  private running = 0
  private hasEnded = false
  /** Whether weights pass by that are not kept yet. */
  private isPaused = false

  /**
   * Opens what stages compute with, compares the pair's layers, and begins to read weights, before the first stage begins.
   *
   * @throws WorkbenchError as `openRun`; the first stage then tries again
   */
  async open({ memoryBytes, ...request }: SessionRequest): Promise<void> {
    const means = await this.opened({ ...request, models: [] })
    if (memoryBytes !== undefined) await this.readAhead(memoryBytes, means)
  }

  /**
   * Begins a stage. What it computes with is opened by the first at the latest, and anew where there is a checkpoint that no stage before has needed.
   *
   * @throws WorkbenchError as `openRun`
   */
  async begin(request: SweepRequest): Promise<SweepMeans> {
    this.running++
    try {
      if (request.session?.leaves === 'nothing' && this.isFarFromRead()) await this.pauseAhead()
      const known = await this.means
      if (known?.covers(request) === true) return known
      await this.close()
      return await this.opened(request)
    } catch (error) {
      await this.done(request, false)
      throw error
    }
  }

  /** A stage is over. @param completely whether it came to its end */
  async done({ memoryBytes }: SweepRequest, completely: boolean): Promise<void> {
    this.running--
    if (!completely) await this.close()
    const wasPaused = this.isPaused
    this.isPaused = false
    const means = wasPaused ? await this.means : null
    if (means !== null) await this.readAhead(memoryBytes, means)
    await this.freeWhenOver()
  }

  /** No stage comes any more; one that was cancelled may still be on its way out. */
  async end(): Promise<void> {
    this.hasEnded = true
    await this.freeWhenOver()
  }

  /**
   * The groups of a stage that goes on from what is kept. Settles what is kept while it runs: states first, and weights in the memory that
   * is left.
   *
   * @throws WorkbenchError as `sweepGroups`
   */
  groups(
    models: SweptModels,
    tries: readonly AnswerTrie[],
    request: SweepRequest,
    device: DeviceName
  ): StagePlan {
    const kept = models.uploadedIn === null ? this.states : null
    let grouping = sweepGroups(models, tries, request, device, kept)
    if (this.states.bytes + copiedBytes(models, grouping) > request.memoryBytes - grouping.peakBytes) {
      this.states.clear()
      grouping = sweepGroups(models, tries, request, device, kept)
    }
    const spare = request.memoryBytes - grouping.peakBytes - copiedBytes(models, grouping) - this.states.bytes
    const leavesStates = request.session?.leaves === 'states'
    const fresh = kept !== null && leavesStates ? freshBytes(models, grouping) : 0
    const states = this.states.bytes + Math.min(fresh, spare)
    this.states.limit(states)
    const left = spare - (states - this.states.bytes)
    const reads = [...(this.weights.ahead?.reads ?? []), ...(leavesStates ? [] : allReads(models))]
    const wanted = this.weights.bytesWith(reads)
    const most = this.isPaused ? this.weights.bytes : wanted
    const weights = left < LEAST_SHARE * wanted ? 0 : Math.min(left, most)
    this.weights.limit(weights)
    const readersBytes = (READERS - 1) * DECODER_BYTES
    const readers = (weights > 0 || this.isPaused) && left - weights >= readersBytes ? READERS : 1
    const beside = copiedBytes(models, grouping) + (readers - 1) * DECODER_BYTES
    return { grouping, keptBytes: beside + states + weights, readers }
  }

  /** Has as many threads read as was settled. */
  async share(reader: ReadAhead, readers: number): Promise<void> {
    if (readers < READERS) await this.endAhead()
    await reader.share(readers)
  }

  /** Has what stages will compute with read while none of them runs. */
  private async readAhead(memoryBytes: number, means: SweepMeans): Promise<void> {
    const sharing = await means.sharingOf([])
    if (this.running > 0 || this.hasEnded) return
    this.weights.ahead = WeightsAhead.within(memoryBytes, means, sharing, this.weights)
  }

  private isFarFromRead(): boolean {
    const { bytes, ahead } = this.weights
    return ahead !== null && this.weights.bytesWith(ahead.reads) - bytes >= PASSED_BYTES
  }

  private async pauseAhead(): Promise<void> {
    await this.endAhead()
    this.isPaused = true
  }

  private async opened(request: Opened): Promise<SweepMeans> {
    const opening = SweepMeans.open(request, this.weights)
    this.means = opening
    try {
      return await opening
    } catch (error) {
      if (this.means === opening) this.means = null
      throw error
    }
  }

  private async freeWhenOver(): Promise<void> {
    if (!this.hasEnded || this.running > 0) return
    await this.endAhead()
    this.weights.limit(0)
    this.states.clear()
    await this.close()
  }

  private async endAhead(): Promise<void> {
    await this.weights.ahead?.end()
    this.weights.ahead = null
  }

  private async close(): Promise<void> {
    await this.endAhead()
    const means = await this.means?.catch(() => null)
    this.means = null
    await means?.close()
  }
}

const sessions = new Map<string, SweepSession>()

/** The session of that name, which begins with its first request. */
export function sweepSession(id: string): SweepSession {
  const known = sessions.get(id)
  if (known !== undefined) return known
  const session = new SweepSession()
  sessions.set(id, session)
  return session
}

/** Lets go of what a session keeps, if there is one. */
export async function endSweepSession(id: string): Promise<void> {
  const session = sessions.get(id)
  sessions.delete(id)
  await session?.end()
}

/** States that are kept are copied for the pass that goes on from them. */
function copiedBytes(models: SweptModels, { groups }: GroupingInParts): number {
  const copied = groups.map(
    ({ packed, parts }) =>
      nodesBefore(models.trie, parts).flat().length * stateBytes(models, packed.tokens.length)
  )
  return Math.max(...copied)
}

/** States between layers that a stage computes. */
function freshBytes(models: SweptModels, { groups }: GroupingInParts): number {
  return groups
    .flatMap(({ packed, parts }) =>
      parts.map(
        ({ levels }) =>
          levels.slice(0, -1).reduce((sum, nodes) => sum + nodes.length, 0) *
          stateBytes(models, packed.tokens.length)
      )
    )
    .reduce((sum, bytes) => sum + bytes, 0)
}

function stateBytes({ pair }: SweptModels, rows: number): number {
  return Float32Array.BYTES_PER_ELEMENT * rows * pair.post.spec.hiddenSize
}
