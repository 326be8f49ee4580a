import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packagesWithTheirs } from './packages.mjs'
import { OF_THE_PAGE } from './stage.mjs'

const run = promisify(execFile)

/**
 * The software bill of materials of what is shipped, in CycloneDX as `npm sbom` writes it: the packages of the program and of its page,
 * and Electron. Packages that serve development only are left out.
 *
 * @param {string} root the repository, with its packages installed
 * @returns {Promise<string>} JSON
 */
export async function billOfMaterials(root) {
  const { name, dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const bill = JSON.parse(await npmSbom(root))
  const packages = await packagesWithTheirs(root, [...Object.keys(dependencies), ...OF_THE_PAGE])
  const shipped = new Set(packages.map((one) => `${one.name}@${one.version}`))
  const isShipped = ({ name, version }) => name === 'electron' || shipped.has(`${name}@${version}`)
  const components = bill.components.filter(isShipped).map(asShipped)
  const references = new Set([bill.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])])
  const kept = bill.dependencies
    .filter(({ ref }) => references.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => references.has(other)) }))
  // npm names the program after its folder.
  const metadata = { ...bill.metadata, component: { ...bill.metadata.component, name } }
  return `${JSON.stringify({ ...bill, metadata, components, dependencies: kept }, null, 2)}\n`
}

/** Packages of the page are built into it, and npm knows them as development alone. */
function asShipped({ scope: _scope, properties: _properties, ...component }) {
  return { ...component, scope: 'required' }
}

async function npmSbom(root) {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application']
  const npm = process.env['npm_execpath']
  const [program, before] = npm === undefined ? ['npm', []] : [process.execPath, [npm]]
  const { stdout } = await run(program, [...before, ...args], { cwd: root, maxBuffer: 2 ** 26 })
  return stdout
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(await billOfMaterials(join(import.meta.dirname, '../..')))
}
