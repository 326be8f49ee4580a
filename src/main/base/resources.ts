import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseJsonObject } from './json-object'

const PACKAGE_NAME = 'slr-workbench'

/** Name of Electron's archive in a packaged program, and of the folder beside it. */
const ARCHIVE = 'app.asar'
const BESIDE_ARCHIVE = 'program'

let packageFolder: string | null = null

/** Gives the absolute path of a file that ships with the program, such as `resourcePath('demo-pair', 'base')`. */
export function resourcePath(...parts: string[]): string {
  return join(plainFolder(), 'resources', ...parts)
}

/** Gives the folder of the running package: the source tree, or the archive in a packaged window. */
export function runningPackage(): string {
  packageFolder ??= packageAbove(dirname(fileURLToPath(import.meta.url)))
  return packageFolder
}

/** Gives the package as a folder that a plain Node can read. */
export function plainFolder(): string {
  const packagePath = runningPackage()
  return basename(packagePath) === ARCHIVE ? join(dirname(packagePath), BESIDE_ARCHIVE) : packagePath
}

function packageAbove(moduleFolder: string): string {
  for (let folder = moduleFolder; folder !== dirname(folder); folder = dirname(folder)) {
    if (isPackageFolder(folder)) return folder
  }
  throw new Error(`no package.json named ${PACKAGE_NAME} above ${moduleFolder}`)
}

function isPackageFolder(folder: string): boolean {
  const file = join(folder, 'package.json')
  return existsSync(file) && parseJsonObject(readFileSync(file, 'utf8'), file)['name'] === PACKAGE_NAME
}
