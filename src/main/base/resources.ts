import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGE_NAME = 'slr-workbench'

let resourcesFolder: string | null = null

/** The absolute path of a file or folder that ships with the program, such as `resourcePath('demo-pair', 'base')`. */
export function resourcePath(...parts: string[]): string {
  resourcesFolder ??= findResources(dirname(fileURLToPath(import.meta.url)))
  return join(resourcesFolder, ...parts)
}

/** From the source tree, the built bundle and the packaged program alike the package's folder is above. */
function findResources(moduleFolder: string): string {
  for (let folder = moduleFolder; folder !== dirname(folder); folder = dirname(folder)) {
    if (isPackageFolder(folder)) return join(folder, 'resources')
  }
  throw new Error(`no package.json named ${PACKAGE_NAME} above ${moduleFolder}`)
}

function isPackageFolder(folder: string): boolean {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return false
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return typeof content === 'object' && content !== null && 'name' in content && content.name === PACKAGE_NAME
}
