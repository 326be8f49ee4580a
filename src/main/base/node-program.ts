import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** How `slr open` names its own Node to the window that it starts. */
export const NODE_VARIABLE = 'SLR_NODE'

/**
 * The Node to run computations on; null in an Electron that has none. An Electron process is not one: Chromium's allocator
 * ends it at a single allocation of 2 GiB, and at 16 GiB in all (partition_alloc, MaxDirectMapped and kPoolMaxSize).
 */
export function nodeProgram(): string | null {
  if (process.versions['electron'] === undefined) return process.execPath
  // process.defaultApp: this Electron was given a program to run. A packaged one has its Node beside its resources.
  const program = process.defaultApp
    ? // npm says what it runs on to a script that starts Electron by itself, as `npm run dev` does.
      (process.env[NODE_VARIABLE] ?? process.env['npm_node_execpath'])
    : join(process.resourcesPath, process.platform === 'win32' ? 'node.exe' : 'node')
  return program !== undefined && existsSync(program) ? program : null
}
