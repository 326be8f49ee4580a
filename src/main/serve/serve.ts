import { once } from 'node:events'
import { createEngineHost, engineStarter } from '../engine/host'
import { BESIDE_A_WINDOW } from '../engine/port'
import type { InitialProject } from '../workbench/entry'
import { createWorkbench } from '../workbench/router'
import { showInBrowser } from './browser'
import { entryAddress, isRunning, startServer, type ServerOptions, type WorkbenchServer } from './server'
import { readServerRecord, serverFile } from './server-file'

export interface ServeOptions {
  initial: InitialProject
  /** 0 for the port of the last run, or any free port. */
  port: number
  /** The folder that the window may use; null for all folders. */
  only: string | null
  /** True to also show the page in the user's browser. */
  openBrowser: boolean
  /** Shows the address to the user. @param startedHere false if another process serves it */
  announce: (url: string, startedHere: boolean) => Promise<void>
  /** Receives a line about unexpected circumstances. */
  remark: (text: string) => void
  signal: AbortSignal
}

/** Serves the workbench to browsers on this machine until `signal` fires, or announces a running server. */
export async function serveWorkbench(options: ServeOptions): Promise<void> {
  const { initial, port, only, openBrowser, announce, remark, signal } = options
  const file = serverFile(initial, port, only)
  const earlier = await readServerRecord(file)
  if (earlier !== null && (await isRunning(earlier))) {
    const url = entryAddress(earlier.port, earlier.key)
    await announce(url, false)
    if (openBrowser) await showInBrowser(url, signal)
    return
  }
  const workbench = createWorkbench({
    engine: createEngineHost(engineStarter(undefined, [BESIDE_A_WINDOW])),
    entry: 'browser',
    initial
  })
  try {
    const server = await startOnPort(
      { router: workbench.router, file, only, earlierSessions: earlier?.sessions ?? [] },
      port,
      earlier?.port ?? null
    )
    if (port === 0 && earlier !== null && server.port !== earlier.port) {
      remark(`Port ${earlier.port} of the last run is in use, so pages that are still open there lose the connection.`)
    }
    try {
      const url = server.newUrl()
      await announce(url, true)
      if (openBrowser) await showInBrowser(url, AbortSignal.any([signal, server.entered]))
      if (!signal.aborted) await once(signal, 'abort')
    } finally {
      await server.close()
    }
  } finally {
    await workbench.close()
  }
}

/** Starts the server on the requested port, else on the port of the last run, else on any free port. */
async function startOnPort(
  options: Omit<ServerOptions, 'port'>,
  requestedPort: number,
  lastPort: number | null
): Promise<WorkbenchServer> {
  if (requestedPort !== 0 || lastPort === null) return startServer({ ...options, port: requestedPort })
  try {
    return await startServer({ ...options, port: lastPort })
  } catch {
    return startServer({ ...options, port: 0 })
  }
}
