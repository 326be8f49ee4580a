import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { notFoundError } from '../../contract/model/problem'

/** Environment variable in which `slr open` passes its Node to the window. */
export const NODE_VARIABLE = 'SLR_NODE'

/**
 * Gives the path of the Node that runs other processes. Electron cannot run them. Chromium's partition_alloc ends a
 * process at an allocation of 2 GiB, or 16 GiB in all, and a packaged Electron cannot run as Node.
 */
export function nodeProgram(): string {
  if (process.versions['electron'] === undefined) return process.execPath
  // `defaultApp` is set if Electron was started with the path of a program, as `slr open` does.
  return process.defaultApp ? nodeOfStarter() : packagedNode()
}

function nodeOfStarter(): string {
  // npm sets its variable for the scripts that it runs, such as `npm run dev`.
  const program = process.env[NODE_VARIABLE] ?? process.env['npm_node_execpath']
  if (program !== undefined && existsSync(program)) return program
  throw notFoundError(
    `Node is missing: ${program === undefined ? `${NODE_VARIABLE} is not set` : `${program} does not exist`}.`,
    'Start the window with `slr open`.'
  )
}

function packagedNode(): string {
  const program = join(process.resourcesPath, process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(program)) return program
  throw notFoundError(
    `Node is missing: ${program} does not exist. A virus scanner may have removed it.`,
    'Install SLR Workbench again.'
  )
}
