import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PairId } from '../../../../src/contract/documents/project'
import type { WorkListState } from '../../../../src/contract/work/work-list'
import { mapGet } from '../../../../src/contract/model/look-up'
import { Endpoint } from '../../../../src/contract/model/external-model'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { throwIfCancelled } from '../../../../src/main/base/files/cancelling'
import { allowForThisRun } from '../../../../src/main/endpoint/confirmed-addresses'
import { Job } from '../../../../src/main/jobs/job'
import { JobQueue, type NewWork } from '../../../../src/main/jobs/queue'
import type { BegunJob, QueuedEvent, QueuedKind } from '../../../../src/main/jobs/queued-kinds'
import { JobTurns } from '../../../../src/main/jobs/turns'
import { openProject } from '../../../../src/main/project/open-project'
import type { ProjectPair } from '../../../../src/main/project/pair/project-pair'
import type { Project } from '../../../../src/main/project/project'
import { Later } from '../../../fixtures/later'
import { openDemo } from '../../../fixtures/open-demo'
import { undo } from '../../../fixtures/project-documents'
import { reopened } from '../../../fixtures/reopened'
import { waitFor } from '../../../fixtures/wait-for'

const sweep = (preview: boolean): NewWork => ({
  work: { kind: 'sweep', settings: { preview } },
  taskName: null
})
const SWEEP = sweep(false)
const EVALUATION: NewWork = {
  work: { kind: 'evaluate', settings: { task: 'demo-open', device: 'cpu' } },
  taskName: 'Demo'
}

async function* eventsUntil(end: Later<QueuedEvent>): AsyncGenerator<QueuedEvent> {
  yield { type: 'progress', progress: { share: 0.5, secondsLeft: 7 } }
  yield await end.promise
}

/** Work that the test ends, by the pair that it is for. */
class ScriptedKind implements QueuedKind {
  readonly begun: string[] = []
  private readonly ends = new Map<PairId, Later<QueuedEvent>>()
  refusals: WorkbenchError[] = []
  keeps: string | null = null
  done: PairId[] = []
  /** Until when it is not known what is done. */
  looking: Promise<void> = Promise.resolve()
  /** Begins a job of the pair for its turn. */
  beginsWith: (pair: ProjectPair) => void = () => undefined
  /** Holds the next job while it is prepared. */
  preparing: { began: Later<void>; ends: Later<void> } | null = null

  constructor(private readonly id: string | null = null) {}

  async begin(
    pair: ProjectPair,
    { evaluationId }: { evaluationId: string | null },
    stop: AbortSignal
  ): Promise<BegunJob> {
    const { id } = pair
    const refusal = this.refusals.shift()
    if (refusal !== undefined) throw refusal
    this.preparing?.began.resolve()
    await this.preparing?.ends.promise
    throwIfCancelled(stop, 'The job')
    this.beginsWith(pair)
    const end = new Later<QueuedEvent>()
    this.ends.set(id, end)
    stop.addEventListener('abort', () => end.resolve({ type: 'cancelled' }))
    this.begun.push(evaluationId === null ? id : `${id} again`)
    return { evaluationId: this.id, events: eventsUntil(end) }
  }

  async isDone({ id }: { id: PairId }): Promise<boolean> {
    await this.looking
    return this.done.includes(id)
  }

  /** Endpoints of a stored evaluation. */
  asks: Endpoint[] = []

  endpoints(_: unknown, { evaluationId }: { evaluationId: string | null }): Promise<Endpoint[]> {
    return Promise.resolve(evaluationId === null ? [] : this.asks)
  }

  describeSaved(): Promise<string | null> {
    return Promise.resolve(this.keeps)
  }

  estimateFromEarlier({ id }: { id: PairId }): { secondsLeft: number; estimatedFrom: 'sweep' } | null {
    return id === 'pair-2' ? { secondsLeft: 20, estimatedFrom: 'sweep' } : null
  }

  end(id: PairId, event: QueuedEvent = { type: 'finished' }): void {
    mapGet(this.ends, id, 'job').resolve(event)
  }
}

const searchUntil = (end: Later<{ type: 'finished' }>): Job<{ type: 'finished' }, never> =>
  new Job<{ type: 'finished' }, never>({
    name: 'a search',
    run: () => end.promise,
    snapshot: () => ({ type: 'finished' }),
    events: () => []
  })

let project: Project
let turns: JobTurns
let sweeps: ScriptedKind
let evaluations: ScriptedKind
let queue: JobQueue

function newQueue(): void {
  turns = new JobTurns()
  sweeps = new ScriptedKind()
  evaluations = new ScriptedKind('evaluation-1')
  queue = new JobQueue({ sweep: sweeps, lineage: new ScriptedKind(), evaluate: evaluations }, turns)
}

beforeEach(async () => {
  project = await openDemo()
  await project.duplicatePair('pair-1')
  await project.duplicatePair('pair-1')
  newQueue()
})

afterEach(async () => {
  await project.close()
})

async function now(): Promise<WorkListState> {
  const stop = new AbortController()
  for await (const state of queue.watch(project, stop.signal)) {
    stop.abort()
    return state
  }
  throw new Error('a line says nothing')
}

const states = async (): Promise<string[]> =>
  (await now()).jobs.map(({ pair, work, state }) => `${pair} ${work.kind} ${state}`)

const idOf = async (pair: PairId): Promise<string> => {
  const job = (await now()).jobs.find((one) => one.pair === pair)
  if (job === undefined) throw new Error(`nothing waits for ${pair}`)
  return job.id
}

const begun = (kind: ScriptedKind, count: number): Promise<void> =>
  waitFor(() => expect(kind.begun).toHaveLength(count))

/** Ends a kind's job once it is the one that began as its n-th, and lets the line come to rest. */
async function finish(kind: ScriptedKind, count: number, pair: PairId): Promise<void> {
  await begun(kind, count)
  kind.end(pair)
  await queue.done(project)
}

/** Puts an evaluation of one pair and sweeps of others in line, and waits until the first has something to go on with. */
async function evaluationBegun(evaluated: PairId, swept: PairId[]): Promise<void> {
  await queue.add(project, [evaluated], EVALUATION)
  await queue.add(project, swept, SWEEP)
  await begun(evaluations, 1)
  await waitFor(() => expect(project.work.jobs[0]?.evaluationId).toBe('evaluation-1'))
}

/** Stops the program while it evaluates the second pair, and starts it anew. */
async function startedAnew(change: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
  queue.close()
  evaluations.end('pair-2', { type: 'cancelled' })
  await queue.done(project)
  await change()
  project = await reopened(project)
  newQueue()
}

describe('jobs in line over the pairs of a project', () => {
  it('run one after the other, and one that fails does not stop the others', async () => {
    await queue.add(project, ['pair-1', 'pair-2', 'pair-3'], SWEEP)
    await begun(sweeps, 1)
    await waitFor(async () => {
      expect((await now()).jobs.map(({ progress }) => progress)).toEqual([
        { share: 0.5, secondsLeft: 7 },
        { share: null, secondsLeft: 20, estimatedFrom: 'sweep' },
        { share: null, secondsLeft: null }
      ])
    })
    sweeps.end('pair-1', { type: 'failed', problem: { code: 'bad-file', message: 'No such weights.' } })
    await begun(sweeps, 2)
    expect(await states()).toEqual(['pair-1 sweep failed', 'pair-2 sweep running', 'pair-3 sweep waiting'])
    sweeps.end('pair-2')
    await finish(sweeps, 3, 'pair-3')
    expect((await now()).jobs).toMatchObject([
      { pair: 'pair-1', state: 'failed', problem: { message: 'No such weights.' } }
    ])

    await queue.retry(project, await idOf('pair-1'))
    await finish(sweeps, 4, 'pair-1')
    expect(await states()).toEqual([])
    expect(sweeps.begun).toEqual(['pair-1', 'pair-2', 'pair-3', 'pair-1'])
    // Neither one that failed nor one that was stopped is done.
    expect((await now()).done.map(({ pair }) => pair)).toEqual(['pair-2', 'pair-3', 'pair-1'])
  })

  it('are moved, removed and stopped one by one, and wait once however often they are added', async () => {
    await queue.add(project, ['pair-1', 'pair-2', 'pair-3'], SWEEP)
    await queue.add(project, ['pair-2', 'pair-3'], SWEEP)
    await queue.add(project, ['pair-3'], EVALUATION)
    await queue.add(project, ['pair-3'], EVALUATION)
    await begun(sweeps, 1)
    await queue.move(project, await idOf('pair-3'), 1)
    const moved = ['pair-3 sweep waiting', 'pair-2 sweep waiting', 'pair-3 evaluate waiting']
    expect((await states()).slice(1)).toEqual(moved)
    await queue.remove(project, await idOf('pair-2'))
    const stopped = await idOf('pair-1')
    await queue.remove(project, stopped)
    await begun(sweeps, 2)
    await queue.remove(project, stopped)
    expect(await states()).toEqual(['pair-3 sweep running', 'pair-3 evaluate waiting'])
    sweeps.end('pair-3')
    await finish(evaluations, 1, 'pair-3')
    expect(sweeps.begun).toEqual(['pair-1', 'pair-3'])
    const gone = queue.retry(project, 'b7a5c2c4-6f0e-4f57-9a6e-0d5a0f6d3c11')
    await expect(gone).rejects.toThrow('no longer in the queue')
  })

  it('leave out pairs that have what would be computed, and say which', async () => {
    sweeps.done = ['pair-1', 'pair-3']
    const preview = sweep(true)
    expect(await queue.add(project, ['pair-1', 'pair-2', 'pair-3'], preview)).toEqual(['pair-1', 'pair-3'])
    await begun(sweeps, 1)
    expect(await states()).toEqual(['pair-2 sweep running'])
    expect(await queue.add(project, ['pair-1'], preview, true)).toEqual([])
    sweeps.end('pair-2')
    await finish(sweeps, 2, 'pair-1')
  })

  it('report their saved part when they are stopped, and continue from it on request', async () => {
    await evaluationBegun('pair-1', ['pair-2', 'pair-3'])
    evaluations.keeps = '3 of 40 answers'
    await queue.remove(project, await idOf('pair-1'))
    await begun(sweeps, 1)
    await queue.remove(project, await idOf('pair-2'))
    await begun(sweeps, 2)
    expect((await now()).jobs).toMatchObject([
      { state: 'stopped', problem: { code: 'cancelled', message: 'Stopped. 3 of 40 answers are saved.' } },
      { state: 'stopped', problem: { message: 'Stopped before there was anything to save.' } },
      { state: 'running' }
    ])
    sweeps.end('pair-3')
    await queue.done(project)

    await queue.retry(project, await idOf('pair-1'))
    await begun(evaluations, 2)
    expect(evaluations.begun).toEqual(['pair-1', 'pair-1 again'])
    evaluations.end('pair-1', { type: 'failed', problem: { code: 'bad-file', message: 'No such weights.' } })
    await queue.done(project)
    await queue.retry(project, await idOf('pair-1'))
    await begun(evaluations, 3)
    expect(evaluations.begun.at(-1)).toBe('pair-1 again')
    evaluations.end('pair-1')
    await queue.add(project, ['pair-2'], sweep(true))
    await begun(sweeps, 3)
    expect((await now()).jobs).toMatchObject([
      { pair: 'pair-2', state: 'running', work: { settings: { preview: true } } }
    ])
    sweeps.end('pair-2')
    await queue.done(project)
  })

  it('let one that was started by hand go first, and one that is only getting ready', async () => {
    const table = turns.jobs<{ type: 'finished' }>('search')
    const end = new Later<{ type: 'finished' }>()
    table.add(project.firstPair, searchUntil(end))
    await queue.add(project, ['pair-2'], SWEEP)
    expect(await now()).toMatchObject({ waits: true, jobs: [{ state: 'waiting' }] })
    expect(sweeps.begun).toEqual([])
    sweeps.refusals = [new WorkbenchError('busy', 'A job is running.')]
    end.resolve({ type: 'finished' })
    await begun(sweeps, 1)
    expect(await now()).toMatchObject({ waits: false, jobs: [{ state: 'running' }] })
    sweeps.end('pair-2')
    await queue.done(project)
  })

  it('wait in the order of their requests, however long it takes to look for earlier sweeps', async () => {
    const seen = new Later<void>()
    sweeps.looking = seen.promise
    const added = [queue.add(project, ['pair-1'], SWEEP), queue.add(project, ['pair-1'], EVALUATION)]
    seen.resolve()
    await Promise.all(added)
    await begun(sweeps, 1)
    expect(await states()).toEqual(['pair-1 sweep running', 'pair-1 evaluate waiting'])
    sweeps.end('pair-1')
    await finish(evaluations, 1, 'pair-1')
  })

  it('are removed with their pair, and continue once it is restored', async () => {
    await queue.add(project, ['pair-1', 'pair-2'], SWEEP)
    await queue.add(project, ['pair-2'], EVALUATION)
    await begun(sweeps, 1)
    const removed = await project.removePair('pair-2')
    expect(await states()).toEqual(['pair-1 sweep running'])
    sweeps.end('pair-1')
    await queue.done(project)
    await undo(project, removed)
    queue.resumeAfterRestore(project)
    await begun(sweeps, 2)
    expect(await states()).toEqual(['pair-2 sweep running', 'pair-2 evaluate waiting'])
    sweeps.end('pair-2')
    await finish(evaluations, 1, 'pair-2')
  })

  it('are stopped while they are prepared, and then do not run', async () => {
    const preparing = { began: new Later<void>(), ends: new Later<void>() }
    evaluations.preparing = preparing
    await queue.add(project, ['pair-1'], EVALUATION)
    await preparing.began.promise
    let hasEnded = false
    const removed = queue.remove(project, await idOf('pair-1')).then(() => (hasEnded = true))
    expect(await states()).toEqual(['pair-1 evaluate stopping'])
    expect(hasEnded).toBe(false)
    preparing.ends.resolve()
    await removed
    expect(evaluations.begun).toEqual([])
    expect((await now()).jobs).toMatchObject([
      { state: 'stopped', problem: { message: 'Stopped before there was anything to save.' } }
    ])
    await queue.done(project)
  })

  it('say which other project they wait for', async () => {
    const other = await openDemo()
    const end = new Later<{ type: 'finished' }>()
    turns.jobs<{ type: 'finished' }>('search').add(other.firstPair, searchUntil(end))
    const job = searchUntil(end)
    sweeps.beginsWith = (pair) => turns.jobs<{ type: 'finished' }>('sweep').add(pair, job)
    await queue.add(project, ['pair-1'], SWEEP)
    await begun(sweeps, 1)
    expect(await now()).toMatchObject({ waitsFor: 'Demo', jobs: [{ state: 'running' }] })
    end.resolve({ type: 'finished' })
    await job.done
    expect(await now()).toMatchObject({ waitsFor: null })
    sweeps.end('pair-1')
    await queue.done(project)
    await other.close()
  })

  it('begin no more while the line is paused', async () => {
    await queue.add(project, ['pair-1', 'pair-2'], SWEEP)
    await begun(sweeps, 1)
    await queue.pause(project, true)
    sweeps.end('pair-1')
    await queue.done(project)
    expect(await now()).toMatchObject({ paused: true, jobs: [{ pair: 'pair-2', state: 'waiting' }] })
    await queue.pause(project, false)
    await finish(sweeps, 2, 'pair-2')
  })

  it('wait after a restart of the program, and continue their work on request', async () => {
    await evaluationBegun('pair-2', ['pair-1', 'pair-3'])
    await startedAnew(() => project.removePair('pair-3'))
    expect(await now()).toMatchObject({ paused: true })
    expect(await states()).toEqual(['pair-2 evaluate waiting', 'pair-1 sweep waiting'])
    await queue.pause(project, false)
    await begun(evaluations, 1)
    expect(evaluations.begun).toEqual(['pair-2 again'])
    evaluations.end('pair-2')
    await finish(sweeps, 1, 'pair-1')
  })

  it('that were stored wait for the user, also while others that are put in line begin', async () => {
    await evaluationBegun('pair-2', ['pair-1'])
    await startedAnew()
    const served = { baseUrl: 'https://stored.example/v1', model: 'm', keyVariable: 'A_API_KEY' }
    const endpoint = Endpoint.parse(served)
    evaluations.asks = [endpoint]
    await queue.add(project, ['pair-2'], EVALUATION)
    await queue.add(project, ['pair-3'], SWEEP)
    await finish(sweeps, 1, 'pair-3')
    await queue.done(project)
    expect(evaluations.begun).toEqual([])
    const { paused, jobs } = await now()
    expect({ paused, endpointWarnings: jobs.map(({ endpointWarnings }) => endpointWarnings) }).toEqual({
      paused: true,
      endpointWarnings: [[expect.stringMatching(/stored\.example \(another machine\) with the key in A_API_KEY/)], []]
    })
    await expect(queue.pause(project, false)).rejects.toThrow('stored.example')
    expect(evaluations.begun).toEqual([])
    allowForThisRun([endpoint])
    await queue.pause(project, false)
    await begun(evaluations, 1)
    evaluations.end('pair-2')
    await finish(sweeps, 2, 'pair-1')
  })

  it('are left out with a warning where their file cannot be read', async () => {
    await queue.add(project, ['pair-1'], SWEEP)
    await finish(sweeps, 1, 'pair-1')
    const { path } = project
    await project.close()
    await writeFile(join(path, 'work.json'), '{"schemaVersion": 1, "study": null, "entries": 3}')
    project = await openProject(path)
    expect(project.warnings).toEqual([expect.stringMatching(/The list of work was left out\. .*entries/)])
  })
})
