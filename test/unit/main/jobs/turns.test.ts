import { mkdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { JOB_KINDS, type JobKind } from '../../../../src/contract/model/job-kinds'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { unlessCancelled } from '../../../../src/main/base/files/cancelling'
import { Job, type JobWork } from '../../../../src/main/jobs/job'
import { JobTurns } from '../../../../src/main/jobs/turns'
import type { Project } from '../../../../src/main/project/project'
import { collect } from '../../../fixtures/collect'
import { Later } from '../../../fixtures/later'
import { openDemo } from '../../../fixtures/open-demo'

interface Ending {
  type: 'finished'
}

let project: Project
let turns: JobTurns
let end: Later<Ending>

beforeEach(async () => {
  project = await openDemo()
  turns = new JobTurns()
  end = new Later()
})

afterEach(async () => {
  end.resolve({ type: 'finished' })
  await turns.done(project)
})

const STORY = { name: 'a job', snapshot: (): Ending => ({ type: 'finished' }), events: () => [] }

/** A job that runs until the test's end. */
const createJob = (work: Partial<JobWork<Ending, never>> = {}): Job<Ending, never> =>
  new Job<Ending, never>({ ...STORY, run: () => end.promise, ...work })

/** Has a job of the kind run for the project's pair, until the test's end. */
function run(kind: JobKind, pair = project.firstPair): Job<Ending, never> {
  const job = createJob()
  turns.jobs<Ending>(kind).add(pair, job)
  return job
}

/** Starts a sample run of another project, in a table of jobs, with what it does once it computes. */
const startSampling = (other: Project, table: ReturnType<typeof turns.jobs<Ending>>, work: () => Promise<Ending>) =>
  turns.start(other.firstPair, table, 'A sample run', async () => createJob({ run: work }))

/** Prepares and starts a sweep of the project's pair. */
const startSweep = (prepare = () => Promise.resolve(createJob())): Promise<Job<Ending, never>> =>
  turns.start(project.firstPair, turns.jobs<Ending>('sweep'), 'A sweep', prepare)

describe('a job that runs', () => {
  it.each(JOB_KINDS.filter(({ needs }) => needs !== 'files'))(
    'keeps the engine from others, and is named: $id',
    async ({ id, name }) => {
      run(id)
      await expect(startSweep()).rejects.toThrow(`${name} of Demo is running.`)
      expect(() => turns.ask(project.firstPair, undefined)).toThrow(`${name} of Demo is running.`)
      expect(turns.running(project.firstPair)).toEqual([id])
    }
  )

  it.each(JOB_KINDS.filter(({ needs }) => needs === 'files'))(
    'leaves the engine to others, and its pair in the project: $id',
    async ({ id, name }) => {
      run(id)
      expect((await startSweep()).over).toBe(false)
      expect(() => turns.requireNone(project.firstPair)).toThrow(`${name} of Demo is running.`)
    }
  )
})

describe('a job that is prepared', () => {
  it('excludes other jobs, and never starts once it is cancelled', async () => {
    const table = turns.jobs<Ending>('samples')
    const prepared = new Later<Job<Ending, never>>()
    const began = vi.fn(() => end.promise)
    const abandon = vi.fn(() => Promise.resolve())
    const prepare = vi.fn(() => prepared.promise)
    const changed = vi.fn()
    turns.onChange(project, changed)
    const started = turns.start(project.firstPair, table, 'A sample run', prepare)
    expect(turns.running(project.firstPair)).toEqual(['samples'])
    expect(changed).toHaveBeenCalledOnce()
    const watched = eventsOf(table)
    await expect(startSweep()).rejects.toThrow('Sampling of Demo is running.')
    expect(turns.done(project)).not.toBeNull()
    await vi.waitFor(() => expect(prepare).toHaveBeenCalled())
    const cancelled = table.cancel(project.firstPair)
    prepared.resolve(createJob({ run: began, abandon }))
    await cancelled
    expect((await started).over).toBe(true)
    expect(await watched).toContainEqual({ type: 'cancelled' })
    expect(began).not.toHaveBeenCalled()
    expect(abandon).toHaveBeenCalledOnce()
    expect(turns.done(project)).toBeNull()
  })

  it('is notified of the stop, and leaves the engine to others when it ends early', async () => {
    const table = turns.jobs<Ending>('samples')
    const started = turns.start(project.firstPair, table, 'A sample run', (signal) =>
      unlessCancelled(signal, 'The sample run', new Promise<never>(() => undefined))
    )
    const changed = vi.fn()
    turns.onChange(project, changed)
    const cancelled = table.cancel(project.firstPair)
    await expect(started).rejects.toThrow('sample run was cancelled.')
    await cancelled
    expect(changed).toHaveBeenCalledOnce()
    expect((await startSweep()).over).toBe(false)
  })

  it('does not begin behind the end of the program, which waits for it', async () => {
    const prepared = new Later<Job<Ending, never>>()
    const began = vi.fn(() => end.promise)
    const prepare = vi.fn(() => prepared.promise)
    const started = startSweep(prepare)
    await vi.waitFor(() => expect(prepare).toHaveBeenCalled())
    const closed = turns.cancelAll()
    await expect(startSweep()).rejects.toThrow('The program is closing.')
    prepared.resolve(createJob({ run: began }))
    await closed
    expect((await started).over).toBe(true)
    expect(began).not.toHaveBeenCalled()
  })
})

describe('jobs of two projects', () => {
  let other: Project

  beforeEach(async () => {
    other = await openDemo()
  })

  it('take turns, and each says which project it waits for', async () => {
    run('sweep')
    const began = vi.fn(() => Promise.resolve<Ending>({ type: 'finished' }))
    const table = turns.jobs<Ending>('samples')
    const second = await startSampling(other, table, began)
    expect(turns.busyFor(other)).toBe(project)
    expect(turns.busyFor(project)).toBeNull()
    expect(turns.running(other.firstPair)).toEqual(['samples'])
    // A window that watches sees the job before it computes.
    expect(await table.watch(other.firstPair).next()).toEqual({ done: false, value: { type: 'finished' } })
    expect(began).not.toHaveBeenCalled()
    end.resolve({ type: 'finished' })
    await second.done
    expect(began).toHaveBeenCalledOnce()
    expect(turns.busyFor(other)).toBeNull()
  })

  it('leave the line when they are cancelled while they wait', async () => {
    run('sweep')
    const began = vi.fn(() => end.promise)
    const table = turns.jobs<Ending>('samples')
    await startSampling(other, table, began)
    await table.cancel(other.firstPair)
    expect(turns.busyFor(other)).toBe(project)
    expect(turns.done(other)).toBeNull()
    expect(began).not.toHaveBeenCalled()
  })

  it('wait for the questions of the other, and let no further one begin', async () => {
    const question = turns.ask(other.firstPair, undefined)
    const began = vi.fn(() => end.promise)
    await startSweep(() => Promise.resolve(createJob({ run: began })))
    expect(question.signal.aborted).toBe(false)
    expect(turns.busyFor(project)).toBe(other)
    expect(() => turns.ask(other.firstPair, undefined)).toThrow('computes for the project “Demo”')
    expect(began).not.toHaveBeenCalled()
    question.over()
    await vi.waitFor(() => expect(began).toHaveBeenCalledOnce())
    expect(() => turns.ask(other.firstPair, undefined)).toThrow('computes for the project “Demo”')
  })

  it.each(JOB_KINDS.filter(({ needs }) => needs !== 'engine'))(
    'go on beside each other where they need no engine: $id',
    ({ id }) => {
      run('sweep')
      run(id, other.firstPair)
      expect(turns.running(other.firstPair)).toEqual([id])
      expect(turns.busyFor(project)).toBeNull()
    }
  )
})

const eventsOf = (table: ReturnType<typeof turns.jobs<Ending>>): Promise<object[]> =>
  collect(table.watch(project.firstPair))

describe('a job that failed', () => {
  it('is reported to every reader, also once a window has seen its end, until the next of its kind starts', async () => {
    const table = turns.jobs<Ending>('sweep')
    const problem = { code: 'bad-file' as const, message: 'The weights are broken.' }
    const failing = createJob({
      run: () => Promise.reject(new WorkbenchError(problem.code, problem.message))
    })
    table.add(project.firstPair, failing)
    const seen = await eventsOf(table)
    expect(seen.at(-1)).toEqual({ type: 'failed', problem })
    expect(await eventsOf(table)).toEqual([])
    expect(turns.failed(project.firstPair)).toEqual([{ kind: 'sweep', id: failing.id, problem }])
    table.add(project.firstPair, createJob())
    expect(turns.failed(project.firstPair)).toEqual([])
  })
})

it('does not begin what could not be saved, as where the project has been moved away', async () => {
  await rename(project.path, `${project.path}.moved`)
  const start = vi.fn(() => Promise.resolve(createJob()))
  const message = `${join(project.path, 'project.json')} cannot be written: its folder is gone.`
  await expect(startSweep(start)).rejects.toThrow(message)
  await mkdir(project.path)
  await expect(startSweep(start)).rejects.toThrow(`${project.path} no longer has the lock of this program`)
  expect(start).not.toHaveBeenCalled()
  await rmdir(project.path)
  await rename(`${project.path}.moved`, project.path)
  await startSweep(start)
  expect(start).toHaveBeenCalled()
})
