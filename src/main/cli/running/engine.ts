import { AsyncLocalStorage } from 'node:async_hooks'
import { createEngineHost, type EngineClient, type EngineHost } from '../../engine/host'

const shared = new AsyncLocalStorage<EngineHost>()

/** Runs commands with one shared engine, which the caller ends. */
export function sharingEngine<T>(engine: EngineHost, work: () => Promise<T>): Promise<T> {
  return shared.run(engine, work)
}

/** Runs work with an engine process. Unless the process is shared, it ends with the work. */
export async function withEngine<T>(work: (engine: EngineClient) => Promise<T>): Promise<T> {
  const lent = shared.getStore()
  if (lent !== undefined) return work(lent.client())
  const host = createEngineHost()
  try {
    return await work(host.client())
  } finally {
    await host.close()
  }
}
