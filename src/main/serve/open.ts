import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DEMO_PAIRS } from '../../contract/model/demo-pair'
import { NODE_VARIABLE } from '../base/node-program'
import { resourcePath } from '../base/resources'
import type { InitialProject } from '../workbench/entry'
import { type ServeOptions, serveWorkbench } from './serve'

const FETCH_LIMIT_MS = 60_000

/** If Electron ends with an error within this time, it has not shown a window. */
const FAILED_START_MS = 10_000

export type OpenOptions = Pick<ServeOptions, 'initial' | 'port' | 'announce' | 'remark' | 'signal'>

/** Shows the workbench in Electron's window, or else in the browser, until it was closed or `signal` fired. */
export async function openWorkbench(options: OpenOptions): Promise<void> {
  const { initial, signal, remark } = options
  const hasDisplay = displayExists()
  const desktop = await findDesktop(hasDisplay, options)
  if (signal.aborted) return
  if ('binary' in desktop) {
    const startedMs = performance.now()
    const ended = await runElectron(desktop.binary, initial, signal)
    const neverShown = ended !== 'exit code 0' && performance.now() - startedMs < FAILED_START_MS
    if (signal.aborted || !neverShown) return
    remark(`Using the browser: Electron could not start (${ended}).`)
  } else {
    remark(`Using the browser: ${desktop.unavailable}.`)
  }
  await serveWorkbench({ ...options, only: null, openBrowser: hasDisplay })
}

/** Finds Electron's binary, and downloads it if necessary. Otherwise returns why there is no desktop window. */
async function findDesktop(
  hasDisplay: boolean,
  { signal, remark }: OpenOptions
): Promise<{ binary: string } | { unavailable: string }> {
  if (!hasDisplay) return { unavailable: 'there is no display for a desktop window' }
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    return { unavailable: "Chromium's sandbox, which the desktop window needs, does not work for root" }
  }
  const folder = electronFolder()
  if (folder === null) return { unavailable: 'Electron is not installed' }
  const installed = electronBinary(folder)
  if (installed !== null) return binaryOrProblem(installed)
  remark('Fetching Electron for the desktop window, for a minute at most...')
  const install = [join(folder, 'install.js')]
  // Detached, so that it continues when this program has ended. At 16 Mbit/s it takes a minute.
  const fetching = spawn(process.execPath, install, {
    stdio: 'ignore',
    detached: true,
    windowsHide: true,
    signal
  })
  fetching.unref()
  const limit = delay(FETCH_LIMIT_MS, 'late' as const, { signal }).catch(() => 'stopped' as const)
  const ended = await Promise.race([waitForEnd(fetching), limit])
  const fetched = electronBinary(folder)
  if (fetched !== null) return binaryOrProblem(fetched)
  return {
    unavailable:
      ended === 'late'
        ? 'Electron is still being fetched; a later start will find it'
        : 'Electron could not be fetched (try `npx install-electron` when online)'
  }
}

/** Returns the binary, or why Chromium's sandbox cannot work with it. */
function binaryOrProblem(binary: string): { binary: string } | { unavailable: string } {
  const problem = sandboxProblem(binary)
  return problem === null ? { binary } : { unavailable: problem }
}

/** Returns true if a window can be shown. On Linux, a variable names the display. */
function displayExists(): boolean {
  if (process.platform === 'darwin' || process.platform === 'win32') return true
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
}

/** Finds the folder of the electron package, a development dependency that may be missing. */
function electronFolder(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return null
  }
}

/** Finds Electron's binary in its npm package; null if the package has not downloaded the binary. */
function electronBinary(folder: string): string | null {
  const pathFile = join(folder, 'path.txt')
  if (!existsSync(pathFile)) return null
  const binary = join(folder, 'dist', readFileSync(pathFile, 'utf8'))
  return existsSync(binary) ? binary : null
}

async function runElectron(binary: string, initial: InitialProject, signal: AbortSignal): Promise<string> {
  const project = initial.project === null ? [] : [`--project=${initial.project}`]
  const pair = initial.pair === undefined ? [] : [`--pair=${initial.pair}`]
  const demo = initial.demo === undefined ? [] : [`--${DEMO_PAIRS[initial.demo].word}`]
  // ELECTRON_RUN_AS_NODE would make Electron run as plain Node. Engine processes run on the real Node named here.
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: undefined, [NODE_VARIABLE]: process.execPath }
  return waitForEnd(
    spawn(binary, [resourcePath('..'), ...project, ...pair, ...demo], { stdio: 'inherit', env, signal })
  )
}

/** Waits until a process ends. @returns how it ended, such as "exit code 0" */
function waitForEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`))
  })
}

/** AppArmor setting of Ubuntu, whose value 1 restricts the user namespaces of Chromium's sandbox. */
const RESTRICTION_FILE = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'

/** File mode of the helper `chrome-sandbox`. If root owns the helper too, the sandbox works without user namespaces. */
const SETUID_ROOT = 0o4755

/** Explains why Electron cannot start with Chromium's sandbox on this system, with a remedy; null if it can. */
export function sandboxProblem(binary: string, setting = RESTRICTION_FILE): string | null {
  if (process.platform !== 'linux' || !isRestricted(setting)) return null
  const helper = join(dirname(binary), 'chrome-sandbox')
  const helperStats = statSync(helper, { throwIfNoEntry: false })
  if (helperStats?.uid === 0 && (helperStats.mode & SETUID_ROOT) === SETUID_ROOT) return null
  return (
    "AppArmor prevents Electron's sandbox from starting on this system. To allow it, run: " +
    `sudo chown root:root '${helper}' && sudo chmod 4755 '${helper}'`
  )
}

function isRestricted(setting: string): boolean {
  try {
    return readFileSync(setting, 'utf8').trim() === '1'
  } catch {
    return false
  }
}
