import { getEventListeners } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ProbeRequest, SweepRequest } from '../../../src/contract/procedures/engine'
import { isProcessRunning } from '../../../src/main/base/files/lock'
import { createEngineHost, engineStarter, type EngineHost } from '../../../src/main/engine/host'
import { bundleProgram } from '../../fixtures/bundled-program'

let bundle: Awaited<ReturnType<typeof bundleProgram>>
beforeAll(async () => {
  bundle = await bundleProgram('fake-engine.ts')
})
afterAll(() => bundle.remove())

const hosts: EngineHost[] = []
function fakeEngine(script = bundle.file, stopLimitMs?: number): EngineHost {
  const host = createEngineHost(engineStarter(script), stopLimitMs)
  hosts.push(host)
  return host
}
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()))
})

const COMPUTED = { base: 'base', post: 'post', device: 'cpu' } as const
const probeRequest = (post: string): ProbeRequest => {
  return { ...COMPUTED, post, model: { kind: 'base' }, prompts: [[1]] }
}
const sweepRequest: SweepRequest = {
  ...{ ...COMPUTED, models: [{ kind: 'base' }], memoryBytes: 1 },
  prompts: [{ tokens: [1], groups: [] }]
}

/** Expects a call to end with its process, for this reason. */
const lost = (call: Promise<unknown>, message: unknown, more: object = {}): Promise<void> =>
  expect(call).rejects.toMatchObject({ problem: { code: 'engine-lost', message, ...more } })

function pidOf(host: EngineHost): number {
  if (host.pid === undefined) throw new Error('no engine process is running')
  return host.pid
}

describe('the engine host', () => {
  it('starts the process at the first call and keeps it for the next', async () => {
    const host = fakeEngine()
    expect(host.pid).toBeUndefined()
    const first = await host.client().probe(probeRequest('post'))
    const second = await host.client().probe(probeRequest('post'))
    expect(first.logits).toEqual([[host.pid]])
    expect(second).toEqual(first)
  })

  it('fails a stream with engine-lost when the process is killed in the middle, and works again after', async () => {
    const host = fakeEngine()
    const events = await host.client().sweep(sweepRequest)
    const seen: number[] = []
    const following = (async () => {
      for await (const event of events) {
        if (event.type === 'progress') seen.push(event.rowsDone)
        if (seen.length === 3) process.kill(pidOf(host), 'SIGKILL')
      }
    })()
    await lost(following, expect.stringContaining('SIGKILL'), { hint: expect.any(String) })
    expect(seen.length).toBeGreaterThanOrEqual(3)

    const { logits } = await host.client().probe(probeRequest('post'))
    expect(logits).toEqual([[pidOf(host)]])
  })

  it('fails every call in flight when the process dies', async () => {
    const host = fakeEngine()
    const events = await host.client().sweep(sweepRequest)
    await events.next()
    const calls = [host.client().probe(probeRequest('abort')), drain(events)]
    await Promise.all(calls.map((call) => lost(call, expect.stringContaining('SIGABRT'))))
  })

  it.each([
    ['exit', 'The engine process ended with exit code 7: last words'],
    ['throw', 'The engine process ended with exit code 1: Error: the native library gave up'],
    ['garble', 'The engine process was stopped because it sent bytes that are no message.']
  ])('says how the process died and its last words (%s)', (death, message) =>
    lost(fakeEngine().client().probe(probeRequest(death)), message)
  )

  it.skipIf(process.platform !== 'linux')('gives the process the folders of its libraries', async () => {
    const folders = { LD_LIBRARY_PATH: '/opt/cudnn/lib' }
    const host = createEngineHost(engineStarter(bundle.file, [], () => folders))
    hosts.push(host)
    await host.client().probe(probeRequest('post'))
    const environment = await readFile(`/proc/${pidOf(host)}/environ`, 'utf8')
    expect(environment.split('\0')).toContain('LD_LIBRARY_PATH=/opt/cudnn/lib')
  })

  it('keeps the variables of Node from the process', async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-such-flag')
    onTestFinished(() => void vi.unstubAllEnvs())
    const host = fakeEngine()
    expect(await host.client().probe(probeRequest('post'))).toEqual({ logits: [[host.pid]] })
  })

  it('fails with engine-lost when the process cannot start', async () => {
    const call = fakeEngine('/no/such/engine.js').client().probe(probeRequest('post'))
    await lost(call, expect.stringContaining('/no/such/engine.js'))
  })

  it('passes an error of the engine on as the same WorkbenchError', async () => {
    await expect(fakeEngine().client().probe(probeRequest('problem'))).rejects.toMatchObject({
      name: 'WorkbenchError',
      problem: { code: 'bad-file', message: 'model.safetensors is cut short', hint: 'Download it again.' }
    })
  })

  it('ends a stream as cancelled when its signal fires, and leaves the process running', async () => {
    const host = fakeEngine()
    const cancel = new AbortController()
    const events = await host.client().sweep(sweepRequest, { signal: cancel.signal })
    await events.next()
    const pid = pidOf(host)
    cancel.abort()
    await expect(drain(events)).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    expect(await host.client().probe(probeRequest('post'))).toEqual({ logits: [[pid]] })
  })

  it('listens to a signal only while a call lasts, even if its events are left early', async () => {
    const { signal } = new AbortController()
    const events = await fakeEngine().client().sweep(sweepRequest, { signal })
    expect(getEventListeners(signal, 'abort')).not.toEqual([])
    for await (const { type } of events) if (type === 'progress') break
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('ends a process that does not stop a cancelled computation, and serves later calls by another', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const host = fakeEngine(bundle.file, 200)
    const beside = await host.client().sweep(sweepRequest)
    await beside.next()
    const pid = pidOf(host)
    const cancel = new AbortController()
    const endless = await host.client().sweep({ ...sweepRequest, post: 'endless' }, { signal: cancel.signal })
    await endless.next()
    cancel.abort()
    await expect(drain(endless)).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    const { logits } = await host.client().probe(probeRequest('post'))
    expect(logits).not.toEqual([[pid]])
    const message = 'The engine process did not stop a cancelled computation within 0.2 s and was ended.'
    await lost(drain(beside), message)
    expect(logged).toHaveBeenCalledWith(message)
    logged.mockRestore()
  })

  it('waits for no process that has ended when the signal of an earlier call fires', async () => {
    const host = fakeEngine()
    const stop = new AbortController()
    const events = await host.client().sweep(sweepRequest, { signal: stop.signal })
    await events.next()
    await events.return?.()
    await host.close()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    stop.abort()
    expect(timers).not.toHaveBeenCalled()
    timers.mockRestore()
  })

  it('leaves no process behind when it is closed', async () => {
    const host = fakeEngine()
    await host.client().probe(probeRequest('post'))
    const pid = pidOf(host)
    await host.close()
    expect(host.pid).toBeUndefined()
    await delay(0)
    expect(isProcessRunning(pid)).toBe(false)
  })
})

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const event of events) void event
}
