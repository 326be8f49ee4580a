import type { DeviceName } from '../../../contract/model/device'
import type { SessionRequest, SweepRequest } from '../../../contract/procedures/engine'
import { sum } from '../../base/sums'
import { StateCache } from '../forward/state-cache'
import type { AnswerTrie } from '../tries/answer-trie'
import { nodesBefore } from '../tries/trie-parts'
import { physicalCores } from '../device/physical-cores'
import { WeightCache } from '../weights/weight-cache'
import type { PrefetchReader } from '../weights/read-ahead'
import { DECODER_BYTES } from '../weights/weight-decoder'
import { type GroupingInParts, sweepGroups } from './sweep-groups'
import type { SweptModels } from './sweep-memory'
import { type OpenRequest, SweepResources } from './sweep-resources'
import { allReads, MIN_SHARE, READERS, WeightPrefetch } from './weight-prefetch'

// A sweep may run in stages, for example a preview and then the rest. Stages of a session share what earlier stages
// opened, read and computed.

/** Limit of unread bytes below which a stage with `keeps: 'nothing'` caches weights, because the sweep is short. */
const MAX_UNREAD_BYTES = 2 ** 30

/** The work of a session's stage and the memory that the session keeps meanwhile. */
export interface StagePlan {
  readonly grouping: GroupingInParts
  /** Maximum bytes that are kept, or taken in addition to the plan. */
  readonly keptBytes: number
  readonly readers: number
}

/** Number of threads that read weights for a CUDA GPU, which is faster than one reading thread. */
const CUDA_READERS = Math.min(4, physicalCores())

/** Plans a sweep of one stage, which keeps no weights for later stages. @throws WorkbenchError as `sweepGroups` */
export function plainStage(
  models: SweptModels,
  tries: readonly AnswerTrie[],
  request: SweepRequest,
  device: DeviceName
): StagePlan {
  const grouping = sweepGroups(models, tries, request, device)
  const spare = request.memoryBytes - grouping.peakBytes
  const extra = device === 'cuda' ? Math.min(CUDA_READERS - 1, Math.floor(spare / DECODER_BYTES)) : 0
  return { grouping, keptBytes: extra * DECODER_BYTES, readers: 1 + extra }
}

/** The state that consecutive stages of a sweep share: opened resources, converted weights and hidden states. */
export class SweepSession {
  readonly weights = new WeightCache()
  readonly states = new StateCache()
  /** Null before the first stage, and after a stage that did not finish, whose resources are in an unknown state. */
  private resources: Promise<SweepResources> | null = null
  private running = 0
  private hasEnded = false
  /** True if weights are read without being cached. */
  private isPaused = false

  /** Opens the resources of all stages and begins to read weights. After a failure the first stage tries again. */
  async open({ memoryBytes, ...request }: SessionRequest): Promise<void> {
    const resources = await this.openResources({ ...request, models: [] })
    if (memoryBytes !== undefined) await this.startPrefetch(memoryBytes, resources)
  }

  /** Begins a stage. If it needs another checkpoint, resources are opened again. @throws WorkbenchError as `openRun` */
  async begin(request: SweepRequest): Promise<SweepResources> {
    this.running++
    try {
      if (request.session?.keeps === 'nothing' && this.hasManyUnreadBytes()) await this.pausePrefetch()
      const resources = await this.resources
      if (resources?.covers(request) === true) return resources
      await this.close()
      return await this.openResources(request)
    } catch (error) {
      await this.done(request, false)
      throw error
    }
  }

  /** Ends a stage and begins to read weights for the next one. @param completely false if the stage did not finish */
  async done({ memoryBytes }: SweepRequest, completely: boolean): Promise<void> {
    this.running--
    if (!completely) await this.close()
    const wasPaused = this.isPaused
    this.isPaused = false
    const resources = wasPaused ? await this.resources : null
    if (resources !== null) await this.startPrefetch(memoryBytes, resources)
    await this.freeWhenOver()
  }

  /** Ends the session. A cancelled stage may still be ending. */
  async end(): Promise<void> {
    this.hasEnded = true
    await this.freeWhenOver()
  }

  /** Plans a stage that continues from cached data. Spare memory goes to states, then to weights, then to readers. */
  planStage(models: SweptModels, tries: readonly AnswerTrie[], request: SweepRequest, device: DeviceName): StagePlan {
    const cachedStates = models.placement.keepsTensors ? null : this.states
    let grouping = sweepGroups(models, tries, request, device, cachedStates)
    if (this.states.bytes + copiedStateBytes(models, grouping) > request.memoryBytes - grouping.peakBytes) {
      this.states.clear()
      grouping = sweepGroups(models, tries, request, device, cachedStates)
    }
    const spare = request.memoryBytes - grouping.peakBytes - copiedStateBytes(models, grouping) - this.states.bytes
    const keepsStates = request.session?.keeps === 'states'
    const addedStates = cachedStates !== null && keepsStates ? newStateBytes(models, grouping) : 0
    const maxStates = this.states.bytes + Math.min(addedStates, spare)
    this.states.limit(maxStates)
    const remaining = spare - (maxStates - this.states.bytes)
    const reads = [...(this.weights.prefetch?.reads ?? []), ...(keepsStates ? [] : allReads(models))]
    const wanted = this.weights.bytesWith(reads)
    const wantedNow = this.isPaused ? this.weights.bytes : wanted
    const maxWeights = remaining < MIN_SHARE * wanted ? 0 : Math.min(remaining, wantedNow)
    this.weights.limit(maxWeights)
    const readersBytes = (READERS - 1) * DECODER_BYTES
    const readers = (maxWeights > 0 || this.isPaused) && remaining - maxWeights >= readersBytes ? READERS : 1
    const extraBytes = copiedStateBytes(models, grouping) + (readers - 1) * DECODER_BYTES
    return { grouping, keptBytes: extraBytes + maxStates + maxWeights, readers }
  }

  /** Sets the number of reading threads that the stage's plan needs. */
  async share(reader: PrefetchReader, readers: number): Promise<void> {
    if (readers < READERS) await this.endPrefetch()
    await reader.share(readers)
  }

  /** Reads weights of later stages while no stage runs. */
  private async startPrefetch(memoryBytes: number, resources: SweepResources): Promise<void> {
    const sharing = await resources.sharingOf([])
    if (this.running > 0 || this.hasEnded) return
    this.weights.prefetch = WeightPrefetch.within(memoryBytes, resources, sharing, this.weights)
  }

  private hasManyUnreadBytes(): boolean {
    const { bytes, prefetch } = this.weights
    return prefetch !== null && this.weights.bytesWith(prefetch.reads) - bytes >= MAX_UNREAD_BYTES
  }

  private async pausePrefetch(): Promise<void> {
    await this.endPrefetch()
    this.isPaused = true
  }

  private async openResources(request: OpenRequest): Promise<SweepResources> {
    const opening = SweepResources.open(request, this.weights)
    this.resources = opening
    try {
      return await opening
    } catch (error) {
      if (this.resources === opening) this.resources = null
      throw error
    }
  }

  private async freeWhenOver(): Promise<void> {
    if (!this.hasEnded || this.running > 0) return
    await this.endPrefetch()
    this.weights.limit(0)
    this.states.clear()
    await this.close()
  }

  private async endPrefetch(): Promise<void> {
    await this.weights.prefetch?.end()
    this.weights.prefetch = null
  }

  private async close(): Promise<void> {
    await this.endPrefetch()
    const resources = await this.resources?.catch(() => null)
    this.resources = null
    await resources?.close()
  }
}

const sessions = new Map<string, SweepSession>()

/** Returns the session with this id, which begins with its first request. */
export function sweepSession(id: string): SweepSession {
  const existing = sessions.get(id)
  if (existing !== undefined) return existing
  const session = new SweepSession()
  sessions.set(id, session)
  return session
}

export async function endSweepSession(id: string): Promise<void> {
  const session = sessions.get(id)
  sessions.delete(id)
  await session?.end()
}

/** Returns the bytes of states that the parts of a group copy from each other, in the largest group. */
function copiedStateBytes(models: SweptModels, { groups }: GroupingInParts): number {
  const copied = groups.map(
    ({ packed, parts }) => nodesBefore(models.trie, parts).flat().length * stateBytes(models, packed.tokens.length)
  )
  return Math.max(...copied)
}

/** Returns the bytes of all states that a stage computes and may keep. */
function newStateBytes(models: SweptModels, { groups }: GroupingInParts): number {
  const bytes = groups.map(({ packed, parts }) => {
    const nodeCounts = parts.flatMap(({ levels }) => levels.slice(0, -1).map(({ length }) => length))
    return sum(nodeCounts) * stateBytes(models, packed.tokens.length)
  })
  return sum(bytes)
}

function stateBytes({ pair }: SweptModels, rows: number): number {
  return Float32Array.BYTES_PER_ELEMENT * rows * pair.post.spec.rowSize
}
