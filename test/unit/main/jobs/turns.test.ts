import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { JOB_KINDS, type JobKind } from '../../../../src/contract/model/job-kinds'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { Job } from '../../../../src/main/jobs/job'
import { JobTurns } from '../../../../src/main/jobs/turns'
import type { Project } from '../../../../src/main/project/project'
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

/** Has a job of the kind run for the project's pair, until the test's end. */
function run(kind: JobKind): void {
  const job = new Job<Ending, never>({
    name: kind,
    run: () => end.promise,
    snapshot: () => ({ type: 'finished' }),
    events: () => []
  })
  turns.jobs<Ending>(kind).add(project.firstPair, job)
}

describe('a job that runs', () => {
  it.each(JOB_KINDS.filter(({ needs }) => needs === 'engine'))(
    'keeps the engine from others, and is named: $id',
    async ({ id, name }) => {
      run(id)
      const other = turns.start(project.firstPair, 'A sweep', () => Promise.resolve())
      await expect(other).rejects.toThrow(`${name} of Demo is running.`)
      expect(() => turns.ask(project.firstPair, undefined)).toThrow(`${name} of Demo is running.`)
      expect(turns.running(project.firstPair)).toEqual([id])
    }
  )

  it.each(JOB_KINDS.filter(({ needs }) => needs === 'files'))(
    'leaves the engine to others, and its pair in the project: $id',
    async ({ id, name }) => {
      run(id)
      await expect(turns.start(project.firstPair, 'A sweep', () => Promise.resolve(7))).resolves.toBe(7)
      expect(() => turns.requireNone(project.firstPair)).toThrow(`${name} of Demo is running.`)
    }
  )
})

async function eventsOf(table: ReturnType<typeof turns.jobs<Ending>>): Promise<object[]> {
  const events: object[] = []
  for await (const event of table.watch(project.firstPair)) events.push(event)
  return events
}

describe('a job that failed', () => {
  it('is told of to whoever asks, also once a window has seen it end, until the next of its kind begins', async () => {
    const table = turns.jobs<Ending>('sweep')
    const story = { name: 'the sweep', snapshot: (): Ending => ({ type: 'finished' }), events: () => [] }
    const problem = { code: 'bad-file' as const, message: 'The weights are broken.' }
    const failing = new Job<Ending, never>({
      ...story,
      run: () => Promise.reject(new WorkbenchError(problem.code, problem.message))
    })
    table.add(project.firstPair, failing)
    const seen = await eventsOf(table)
    expect(seen.at(-1)).toEqual({ type: 'failed', problem })
    expect(await eventsOf(table)).toEqual([])
    expect(turns.failed(project.firstPair)).toEqual([{ kind: 'sweep', id: failing.id, problem }])
    table.add(project.firstPair, new Job<Ending, never>({ ...story, run: () => end.promise }))
    expect(turns.failed(project.firstPair)).toEqual([])
  })
})

it('does not begin what could not be saved, as where the project has been moved away', async () => {
  await rename(project.path, `${project.path}.moved`)
  const start = vi.fn(() => Promise.resolve())
  await expect(turns.start(project.firstPair, 'A sweep', start)).rejects.toThrow(
    `${join(project.path, 'project.json')} cannot be written: its folder is gone.`
  )
  expect(start).not.toHaveBeenCalled()
  await rename(`${project.path}.moved`, project.path)
  await turns.start(project.firstPair, 'A sweep', start)
  expect(start).toHaveBeenCalled()
})
