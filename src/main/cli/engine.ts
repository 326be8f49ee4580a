import { createEngineHost, type EngineClient } from '../engine/host'

/** Lends an engine process to some work and ends the process afterwards, however the work ends. */
export async function withEngine<T>(work: (engine: EngineClient) => Promise<T>): Promise<T> {
  const host = createEngineHost()
  try {
    return await work(host.client())
  } finally {
    await host.close()
  }
}
