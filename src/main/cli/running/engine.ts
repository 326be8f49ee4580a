import { AsyncLocalStorage } from 'node:async_hooks'
import { createEngineHost, type EngineClient, type EngineHost } from '../../engine/host'

const shared = new AsyncLocalStorage<EngineHost>()

/** Runs commands with one shared engine, which the caller ends. */
export function sharingEngine<T>(engine: EngineHost, work: () => Promise<T>): Promise<T> {
  return shared.run(engine, work)
}

/** Runs a command whose parts share one engine process, which starts with the first part and ends with the command. */
export async function withOneEngine<T>(work: () => Promise<T>): Promise<T> {
  if (shared.getStore() !== undefined) return work()
  const host = createEngineHost()
  try {
    return await sharingEngine(host, work)
  } finally {
    await host.close()
  }
}

/** Lends the shared engine process to work, or one that ends with the work. */
export function withEngine<T>(work: (engine: EngineClient) => Promise<T>): Promise<T> {
  return withOneEngine(() => {
    const host = shared.getStore()
    if (host === undefined) throw new Error('work runs without an engine')
    return work(host.client())
  })
}
