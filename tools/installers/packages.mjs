import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Packages with all that they depend on, each once.
 *
 * @param {string} root the folder whose node_modules are looked in first
 * @param {readonly string[]} names
 * @returns {Promise<{ name: string, version: string, license: string, folder: string }[]>} sorted by name
 */
export async function packagesWithTheirs(root, names) {
  const found = new Map()
  const visit = async (name, from) => {
    const folder = locate(name, from)
    // An optional one of another system is not installed.
    if (folder === null || found.has(folder)) return
    const { version, license, dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    found.set(folder, { name, version, license, folder })
    for (const needed of Object.keys(dependencies)) await visit(needed, folder)
  }
  for (const name of names) await visit(name, root)
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Finds a package as Node does: in the node_modules of the folder, or of one above it. */
function locate(name, from) {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
  }
  return null
}
