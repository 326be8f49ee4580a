import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseJson } from './files/bounded-json'

const PACKAGE_NAME = 'slr-workbench'

/** How Electron's archive of a packaged program is named, and the folder beside it (tools/installers/stage.mjs). */
const ARCHIVE = 'app.asar'
const BESIDE_ARCHIVE = 'program'

let packageFolder: string | null = null

/** The absolute path of a file or folder that ships with the program, such as `resourcePath('demo-pair', 'base')`. */
export function resourcePath(...parts: string[]): string {
  return join(plainFolder(), 'resources', ...parts)
}

/** The folder of the package that is running: of the source tree, or in a packaged program's window the archive. */
export function ownPackage(): string {
  packageFolder ??= packageAbove(dirname(fileURLToPath(import.meta.url)))
  return packageFolder
}

/** The same as a folder that any program can read: a plain Node, which engines run on, cannot look into archives. */
export function plainFolder(own = ownPackage()): string {
  return basename(own) === ARCHIVE ? join(dirname(own), BESIDE_ARCHIVE) : own
}

/** From the source tree, the built bundle and the packaged program alike the package's folder is above. */
function packageAbove(moduleFolder: string): string {
  for (let folder = moduleFolder; folder !== dirname(folder); folder = dirname(folder)) {
    if (isPackageFolder(folder)) return folder
  }
  throw new Error(`no package.json named ${PACKAGE_NAME} above ${moduleFolder}`)
}

function isPackageFolder(folder: string): boolean {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return false
  const content: unknown = parseJson(readFileSync(file, 'utf8'), file)
  return typeof content === 'object' && content !== null && 'name' in content && content.name === PACKAGE_NAME
}
