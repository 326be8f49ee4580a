import { AsyncLocalStorage } from 'node:async_hooks'
import { createEngineHost, type EngineClient, type EngineHost } from '../../engine/host'

const shared = new AsyncLocalStorage<EngineHost>()

/** Lends the commands that `work` runs one engine, which the caller ends: for a program that runs many of them. */
export function sharingEngine<T>(engine: EngineHost, work: () => Promise<T>): Promise<T> {
  return shared.run(engine, work)
}

/** Lends an engine process to some work and, unless commands share it, ends the process afterwards, however the work ends. */
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
