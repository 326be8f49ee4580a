import { once } from 'node:events'
import open from 'open'
import { createEngineHost, forkEngine } from '../engine/host'
import { BESIDE_A_WINDOW } from '../engine/port'
import { createWorkbench, type InitialProject } from '../workbench/router'
import { startServer } from './server'

export interface ServeOptions {
  initial: InitialProject
  /** 0 picks a free one. */
  port: number
  /** Whether to show the page in the user's browser as well. */
  openBrowser: boolean
  /** Told the address, with its token, once it answers. */
  announce: (url: string) => Promise<void>
  /** Ends the serving. */
  signal: AbortSignal
}

/**
 * Serves the workbench to browsers on this machine until `signal` fires.
 *
 * @throws WorkbenchError when the port cannot be had or the page has not been built
 */
export async function serveWorkbench(options: ServeOptions): Promise<void> {
  const { initial, port, openBrowser, announce, signal } = options
  const workbench = createWorkbench({
    engine: createEngineHost(forkEngine(undefined, [BESIDE_A_WINDOW])),
    entry: 'browser',
    initial
  })
  try {
    const server = await startServer({ router: workbench.router, port })
    try {
      await announce(server.url)
      if (openBrowser) await showInBrowser(server.url)
      if (!signal.aborted) await once(signal, 'abort')
    } finally {
      await server.close()
    }
  } finally {
    await workbench.close()
  }
}

async function showInBrowser(url: string): Promise<void> {
  try {
    const opener = await open(url)
    // The address is known already, so a missing opener needs no words.
    opener.on('error', () => undefined)
  } catch {
    // Same.
  }
}
