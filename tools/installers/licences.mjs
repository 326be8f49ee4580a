import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const RULE = '\n\n' + '-'.repeat(80) + '\n\n'

/**
 * The licences of packages as one text.
 *
 * @param {readonly { name: string, version: string, license?: string, folder: string }[]} packages
 * @throws Error naming the packages that say nothing of their licence
 */
export async function licencesOf(packages) {
  const silent = []
  const parts = await Promise.all(
    packages.map(async ({ name, version, license, folder }) => {
      const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort()
      const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
      // Some name none in their package.json, and hold its text.
      if (license === undefined && texts.length === 0) silent.push(name)
      const title = license === undefined ? `${name} ${version}` : `${name} ${version}: ${license}`
      return [title, ...texts.map((text) => text.trim())].join('\n\n')
    })
  )
  if (silent.length > 0) throw new Error(`no licence in ${silent.join(', ')}`)
  const intro = `SLR Workbench contains the ${packages.length} packages below, all from npm. Electron's own licence and those of Chromium lie beside the program; Node.js is under the MIT licence, with parts under those that LICENSE of its sources lists (github.com/nodejs/node).`
  return [intro, ...parts].join(RULE) + '\n'
}
