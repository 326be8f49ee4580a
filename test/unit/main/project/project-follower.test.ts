import { afterEach, describe, expect, it } from 'vitest'
import { openOrFollow } from '../../../../src/main/project/open-project'
import type { Project } from '../../../../src/main/project/project'
import { ProjectFollower } from '../../../../src/main/project/project-follower'
import { sweepFixture } from '../../../fixtures/project-documents'
import { waitFor } from '../../../fixtures/wait-for'
import { openDemo } from '../../../fixtures/open-demo'

const opened: Project[] = []
afterEach(() => Promise.all(opened.splice(0).map((project) => project.close())))

/** A project that one program writes, and another has opened meanwhile. */
async function twice(): Promise<{ writer: Project; seen: Project; follower: ProjectFollower }> {
  const writer = await openDemo({ name: 'Shared' })
  const seen = await openOrFollow(writer.path)
  opened.push(writer, seen)
  return { writer, seen, follower: new ProjectFollower(seen, 5) }
}

describe('a project that another program writes', () => {
  it('can be looked at, says who writes it, and shows what that saves', async () => {
    const { writer, seen } = await twice()
    expect(seen.writer).toBe('writes')
    expect(seen.readOnly).toContain(`in use by slr-workbench, process ${process.pid}`)
    await expect(seen.update({ notes: 'mine' })).rejects.toThrow('open for viewing only')
    let told = 0
    seen.onChange(() => (told += 1))
    const sweep = sweepFixture()
    await writer.firstPair.saveSweep(sweep)
    await waitFor(() => expect(seen.firstPair.sweeps).toEqual(writer.firstPair.sweeps))
    const { pair: added } = await writer.addPair({ kind: 'demo', pair: 'blend' }, 'Second')
    await writer.update({ notes: 'theirs' })
    await waitFor(() => expect(seen.notes).toBe('theirs'))
    expect(seen.pairs.map(({ document }) => document)).toEqual([writer.firstPair.document, added.document])
    expect(seen.firstPair.saved.answerChecks).toBeGreaterThan(0)
    expect(told).toBeGreaterThan(0)
  })

  it('can be changed here only once the other program has released it', async () => {
    const { writer, seen, follower } = await twice()
    await follower.takeOver()
    expect(seen.writer).toBe('writes')
    await writer.update({ notes: 'theirs' })
    await writer.close()
    await waitFor(() => expect(seen).toMatchObject({ writer: 'gone', notes: 'theirs' }))
    await expect(seen.update({ notes: 'mine' })).rejects.toThrow('open for viewing only')
    // Two windows may ask at once.
    await Promise.all([follower.takeOver(), follower.takeOver()])
    expect(seen).toMatchObject({ writer: null, readOnly: null })
    const { revision } = seen
    await seen.update({ notes: 'mine' }, revision)
    expect((await openOrFollow(seen.path)).notes).toBe('mine')
  })
})
