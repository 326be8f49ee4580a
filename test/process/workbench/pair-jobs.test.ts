import { mkdir, readdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkpointChanges } from '../../../src/contract/procedures/checkpoint-changes'
import { damagedPair } from '../../fixtures/damaged-pair'
import { checkpointFixture, writeCheckpoint, writeSparseCheckpoint } from '../../fixtures/checkpoint-builder'
import { OwnWorkbench, type WindowClient } from '../../fixtures/own-workbench'

/** What a project finds out by reading whole checkpoints, through the router and the built thread. */

let own: OwnWorkbench

beforeEach(async () => {
  own = await OwnWorkbench.open()
})

afterEach(() => own.close())

async function newProject(client: WindowClient, base: string, post: string): Promise<string> {
  return (await client.projects.create({ folder: own.folder, name: 'Pair', base, post })).path
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
  return { client, ...pair, path: await newProject(client, pair.base, pair.post) }
}

async function lastOf<Event>(events: AsyncIterable<Event>): Promise<Event | undefined> {
  let last: Event | undefined
  for await (const event of events) last = event
  return last
}

/** Has the layers compared. @returns how that ended */
async function compared(client: WindowClient, path: string): Promise<unknown> {
  await client.distances.start({ path, pair: 'pair-1' })
  return lastOf(await client.distances.watch({ path, pair: 'pair-1' }))
}

describe('the distances of a project', () => {
  it('are computed once, kept, and found again without reading the weights', async () => {
    const { client, path } = await writtenProject()
    expect(await client.distances.get({ path, pair: 'pair-1' })).toEqual({ distances: null, changed: [] })

    const first = await compared(client, path)
    expect(first).toMatchObject({ type: 'finished' })
    expect(first).not.toMatchObject({ bytesRead: 0 })
    const stored = await client.distances.get({ path, pair: 'pair-1' })
    expect(stored).toMatchObject({ changed: [], distances: { layers: [{ layer: 0 }, { layer: 1 }] } })
    expect(await readdir(join(path, 'distances'))).toHaveLength(1)

    expect(await compared(client, path)).toEqual({
      type: 'finished',
      bytesRead: 0
    })
    expect(await client.distances.get({ path, pair: 'pair-1' })).toEqual(stored)
  })

  it('are said to be of another checkpoint once one has changed, and computed again for that', async () => {
    const { client, post, path } = await writtenProject()
    await compared(client, path)
    await writeCheckpoint(post, checkpointFixture({ seed: 3 }))
    await client.projects.open({ path })
    expect(await client.distances.get({ path, pair: 'pair-1' })).toMatchObject({ changed: ['post'] })
    expect(await compared(client, path)).not.toMatchObject({
      bytesRead: 0
    })
    expect(await client.distances.get({ path, pair: 'pair-1' })).toMatchObject({ changed: [] })
  })

  it('that cannot be read any more are computed again', async () => {
    const { client, path } = await writtenProject()
    await compared(client, path)
    const [name = ''] = await readdir(join(path, 'distances'))
    await writeFile(join(path, 'distances', name), '{"schemaVersion": 1}')
    expect(await client.distances.get({ path, pair: 'pair-1' })).toEqual({ distances: null, changed: [] })
    expect(await compared(client, path)).not.toMatchObject({
      bytesRead: 0
    })
  })

  it('can be cancelled while gigabytes are read, and leave nothing behind', async () => {
    const client = own.client()
    const model = await writeSparseCheckpoint(join(own.folder, 'sparse'), 200_000_000)
    const path = await newProject(client, model, model)
    await client.distances.start({ path, pair: 'pair-1' })
    await expect(client.distances.start({ path, pair: 'pair-1' })).rejects.toMatchObject({
      data: { code: 'busy' }
    })
    const events = await client.distances.watch({ path, pair: 'pair-1' })
    const first = await events.next()
    expect(first.value).toMatchObject({ type: 'progress' })
    await client.distances.cancel({ path, pair: 'pair-1' })
    expect(await lastOf(events)).toEqual({ type: 'cancelled' })
    expect(await readdir(path)).not.toContain('distances')
  })

  it('fail with the reason when the pair cannot be read', async () => {
    const client = own.client()
    const { base } = await writePair()
    const path = await newProject(client, base, join(own.folder, 'gone'))
    expect(await compared(client, path)).toMatchObject({
      type: 'failed',
      problem: { code: 'not-found', message: expect.stringContaining(join(own.folder, 'gone')) }
    })
  })
})

describe('the check of values of a pair', () => {
  it('tells every tensor that holds NaN or infinity, and ends when it is cancelled', async () => {
    const client = own.client()
    const { base, post } = await damagedPair({
      base: [{ tensor: 'lm_head.weight', element: 3, value: -Infinity }]
    })
    const path = await newProject(client, base, post)
    await client.values.start({ path, pair: 'pair-1' })
    expect(await lastOf(await client.values.watch({ path, pair: 'pair-1' }))).toMatchObject({
      type: 'finished',
      values: { base: [{ tensor: 'lm_head.weight', first: '-Infinity', at: [0, 3] }], post: [] }
    })
    await client.values.start({ path, pair: 'pair-1' })
    await client.values.cancel({ path, pair: 'pair-1' })
    expect(await lastOf(await client.values.watch({ path, pair: 'pair-1' }))).toEqual({ type: 'cancelled' })
  })
})

describe('the checksums of a project', () => {
  it('are computed on request and kept for as long as nobody writes the files', async () => {
    const { client, base, path } = await writtenProject()
    expect(await client.checksums.get({ path, pair: 'pair-1' })).toEqual({ base: null, post: null })
    await client.checksums.start({ path, pair: 'pair-1' })
    expect(await lastOf(await client.checksums.watch({ path, pair: 'pair-1' }))).toEqual({ type: 'finished' })
    const { base: ofBase } = await client.checksums.get({ path, pair: 'pair-1' })
    expect(ofBase?.files).toMatchObject([
      { name: 'model.safetensors', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }
    ])
    // Written again, the file may differ where the fingerprint took no sample.
    await utimes(join(base, 'model.safetensors'), new Date(2030, 1), new Date(2030, 1))
    await client.projects.open({ path })
    expect(await client.checksums.get({ path, pair: 'pair-1' })).toMatchObject({
      base: null,
      post: { fingerprint: expect.any(String) }
    })
  })
})

describe('a pair that was moved', () => {
  it('is found again in its new folders, with the same fingerprints and what was stored of it', async () => {
    const { client, base, post, path } = await writtenProject()
    const before = await client.projects.open({ path })
    await compared(client, path)
    await mkdir(join(own.folder, 'archive'))
    await rename(base, join(own.folder, 'archive', 'base'))
    await rename(post, join(own.folder, 'archive', 'post'))
    expect(await client.projects.open({ path })).toMatchObject({
      pair: null,
      pairProblem: { code: 'models-away', hint: expect.stringContaining(base) }
    })
    const moved = { base: join(own.folder, 'archive', 'base'), post: join(own.folder, 'archive', 'post') }
    const after = await client.pairs.relocate({ path, pair: 'pair-1', ...moved })
    expect(after).toMatchObject({ pairProblem: null, document: { location: { kind: 'folders', ...moved } } })
    expect(after.pair?.base.fingerprint).toBe(before.pair?.base.fingerprint)
    expect(await client.distances.get({ path, pair: 'pair-1' })).toMatchObject({
      changed: [],
      distances: { layers: [{}, {}] }
    })
    await client.projects.close({ path })
    expect(await client.projects.open({ path })).toMatchObject({ document: { location: moved } })
  })

  it('cannot be the built-in one', async () => {
    const client = own.client()
    const { path } = await client.projects.openDemo()
    await expect(
      client.pairs.relocate({ path, pair: 'pair-1', base: own.folder, post: own.folder })
    ).rejects.toMatchObject({
      data: { code: 'bad-input' }
    })
  })
})

describe('a checkpoint that was written again', () => {
  it('is noticed, also before there is any result, until the user takes it as it is', async () => {
    const { client, base, post, path } = await writtenProject()
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
    expect(checkpointChanges(await client.pairs.relocate({ path, pair: 'pair-1', base, post }))).toEqual([])
    expect(checkpointChanges(await client.projects.open({ path }))).toEqual([])
  })
})
