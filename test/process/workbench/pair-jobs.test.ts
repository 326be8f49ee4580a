import { mkdir, readdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkpointChanges } from '../../../src/contract/procedures/checkpoint-changes'
import { damagedPair } from '../../fixtures/damaged-pair'
import { checkpointFixture, writeCheckpoint, writeSparseCheckpoint } from '../../fixtures/checkpoint-builder'
import { OwnWorkbench, type WindowClient } from '../../fixtures/own-workbench'

/** Jobs that read whole checkpoints, through the router and the built thread. */

let own: OwnWorkbench

beforeEach(async () => {
  own = await OwnWorkbench.open()
})

afterEach(() => own.close())

/** A new project. @returns its folder, and what names its pair in every call */
async function newProject(client: WindowClient, base: string, post: string) {
  const { path } = await client.projects.create({ folder: own.folder, name: 'Pair', base, post })
  return { path, here: { path, pair: 'pair-1' as const } }
}

async function writePair(): Promise<{ base: string; post: string }> {
  return {
    base: await writeCheckpoint(join(own.folder, 'base'), checkpointFixture({ seed: 1 })),
    post: await writeCheckpoint(join(own.folder, 'post'), checkpointFixture({ seed: 2 }))
  }
}

/** A window, and a project of a pair that was just written. */
async function writtenProject() {
  const client = own.client()
  const pair = await writePair()
  return { client, ...pair, ...(await newProject(client, pair.base, pair.post)) }
}

async function lastOf<Event>(events: AsyncIterable<Event>): Promise<Event | undefined> {
  let last: Event | undefined
  for await (const event of events) last = event
  return last
}

/** Has the layers compared. @returns how that ended */
async function compared(client: WindowClient, here: { path: string; pair: 'pair-1' }): Promise<unknown> {
  await client.distances.start(here)
  return lastOf(await client.distances.watch(here))
}

describe('the distances of a project', () => {
  it('are computed once, kept, and found again without reading the weights', async () => {
    const { client, path, here } = await writtenProject()
    expect(await client.distances.get(here)).toEqual({ distances: null, changed: [] })

    const first = await compared(client, here)
    expect(first).toMatchObject({ type: 'finished' })
    expect(first).not.toMatchObject({ bytesRead: 0 })
    const stored = await client.distances.get(here)
    expect(stored).toMatchObject({ changed: [], distances: { layers: [{ layer: 0 }, { layer: 1 }] } })
    expect(await readdir(join(path, 'distances'))).toHaveLength(1)

    expect(await compared(client, here)).toEqual({ type: 'finished', bytesRead: 0 })
    expect(await client.distances.get(here)).toEqual(stored)
  })

  it('are marked as of another checkpoint after a change, and computed again for that', async () => {
    const { client, post, path, here } = await writtenProject()
    await compared(client, here)
    await writeCheckpoint(post, checkpointFixture({ seed: 3 }))
    await client.projects.open({ path })
    expect(await client.distances.get(here)).toMatchObject({ changed: ['post'] })
    expect(await compared(client, here)).not.toMatchObject({ bytesRead: 0 })
    expect(await client.distances.get(here)).toMatchObject({ changed: [] })
  })

  it('that cannot be read any more are computed again', async () => {
    const { client, path, here } = await writtenProject()
    await compared(client, here)
    const [name = ''] = await readdir(join(path, 'distances'))
    await writeFile(join(path, 'distances', name), '{"schemaVersion": 1}')
    expect(await client.distances.get(here)).toEqual({ distances: null, changed: [] })
    expect(await compared(client, here)).not.toMatchObject({ bytesRead: 0 })
  })

  it('can be cancelled while gigabytes are read, and leave nothing behind', async () => {
    const client = own.client()
    const model = await writeSparseCheckpoint(join(own.folder, 'sparse'), 200_000_000)
    const { path, here } = await newProject(client, model, model)
    await client.distances.start(here)
    await expect(client.distances.start(here)).rejects.toMatchObject({ data: { code: 'busy' } })
    const events = await client.distances.watch(here)
    const first = await events.next()
    expect(first.value).toMatchObject({ type: 'progress' })
    await client.distances.cancel(here)
    expect(await lastOf(events)).toEqual({ type: 'cancelled' })
    expect(await readdir(path)).not.toContain('distances')
  })

  it('fail with the reason when the pair cannot be read', async () => {
    const client = own.client()
    const { base } = await writePair()
    const { here } = await newProject(client, base, join(own.folder, 'gone'))
    expect(await compared(client, here)).toMatchObject({
      type: 'failed',
      problem: { code: 'not-found', message: expect.stringContaining(join(own.folder, 'gone')) }
    })
  })
})

describe('the check of values of a pair', () => {
  it('reports every tensor that holds NaN or infinity, and ends on cancel', async () => {
    const client = own.client()
    const damage = { tensor: 'lm_head.weight', element: 3, value: -Infinity }
    const { base, post } = await damagedPair({ base: [damage] })
    const { here } = await newProject(client, base, post)
    await client.values.start(here)
    expect(await lastOf(await client.values.watch(here))).toMatchObject({
      type: 'finished',
      values: { base: [{ tensor: 'lm_head.weight', first: '-Infinity', at: [0, 3] }], post: [] }
    })
    await client.values.start(here)
    await client.values.cancel(here)
    expect(await lastOf(await client.values.watch(here))).toEqual({ type: 'cancelled' })
  })
})

describe('the checksums of a project', () => {
  it('are computed on request and kept until the files change', async () => {
    const { client, base, path, here } = await writtenProject()
    expect(await client.checksums.get(here)).toEqual({ base: null, post: null })
    await client.checksums.start(here)
    expect(await lastOf(await client.checksums.watch(here))).toEqual({ type: 'finished' })
    const { base: ofBase } = await client.checksums.get(here)
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(ofBase?.files).toMatchObject([{ name: 'model.safetensors', sha256 }])
    // Written again, the file may differ where the fingerprint took no sample.
    await utimes(join(base, 'model.safetensors'), new Date(2030, 1), new Date(2030, 1))
    await client.projects.open({ path })
    expect(await client.checksums.get(here)).toMatchObject({
      base: null,
      post: { fingerprint: expect.any(String) }
    })
  })
})

describe('a pair that was moved', () => {
  it('is found again in its new folders, with the same fingerprints and stored results', async () => {
    const { client, base, post, path, here } = await writtenProject()
    const before = await client.projects.open({ path })
    await compared(client, here)
    const archive = join(own.folder, 'archive')
    const moved = { base: join(archive, 'base'), post: join(archive, 'post') }
    await mkdir(archive)
    await rename(base, moved.base)
    await rename(post, moved.post)
    expect(await client.projects.open({ path })).toMatchObject({
      pair: null,
      pairProblem: { code: 'models-away', hint: expect.stringContaining(base) }
    })
    const after = await client.pairs.relocate({ ...here, ...moved })
    expect(after).toMatchObject({ pairProblem: null, document: { location: { kind: 'folders', ...moved } } })
    expect(after.pair?.base.fingerprint).toBe(before.pair?.base.fingerprint)
    expect(await client.distances.get(here)).toMatchObject({ changed: [], distances: { layers: [{}, {}] } })
    await client.projects.close({ path })
    expect(await client.projects.open({ path })).toMatchObject({ document: { location: moved } })
  })

  it('cannot be the built-in one', async () => {
    const client = own.client()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const moved = { path, pair: 'pair-1' as const, base: own.folder, post: own.folder }
    await expect(client.pairs.relocate(moved)).rejects.toMatchObject({ data: { code: 'bad-input' } })
  })
})

describe('a checkpoint that was written again', () => {
  it('is noticed, also before there is any result, until the user accepts it', async () => {
    const { client, base, post, path, here } = await writtenProject()
    const first = await client.projects.open({ path })
    expect(first.document.checkpoints?.post.fingerprint).toBe(first.pair?.post.fingerprint)
    expect(checkpointChanges(first)).toEqual([])

    // Base only touched, post another model of the same size.
    await utimes(join(base, 'model.safetensors'), new Date(2030, 1), new Date(2030, 1))
    await writeCheckpoint(post, checkpointFixture({ seed: 7 }))
    await utimes(join(post, 'model.safetensors'), new Date(2030, 1), new Date(2030, 1))
    await client.projects.close({ path })
    const changed = await client.projects.open({ path })
    expect(checkpointChanges(changed)).toEqual([
      { member: 'base', kind: 'rewritten', files: ['model.safetensors'] },
      { member: 'post', kind: 'changed', files: ['model.safetensors'] }
    ])
    expect(checkpointChanges(await client.pairs.relocate({ ...here, base, post }))).toEqual([])
    expect(checkpointChanges(await client.projects.open({ path }))).toEqual([])
  })
})
