import { execFile, execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { builtScript } from '../../src/main/base/built'
import { builtinPromptSet } from '../../src/main/crc/task/builtin-prompts'
import { pairPaths } from '../../src/main/project/demo'
import { bundleProgram } from '../fixtures/bundled-program'
import { temporaryFolder } from '../fixtures/checkpoint-builder'

/** The built program keeps to itself: it sends nothing, and leaves nothing behind that it has not been asked for. */

/** Folders of a user with nothing in them, and an environment without what quiets onnxruntime by accident or by us. */
async function newUser(): Promise<{ folder: string; env: NodeJS.ProcessEnv }> {
  const folder = await temporaryFolder()
  const env = {
    ...process.env,
    CI: undefined,
    ORT_DISABLE_TELEMETRY: undefined,
    HOME: folder,
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    TMPDIR: join(folder, 'tmp')
  }
  await mkdir(env.TMPDIR)
  return { folder, env }
}

/** Why no network can be made for a test to watch; null where one can. */
function whyNoNetwork(): string | null {
  if (process.platform !== 'linux') return 'only Linux has network namespaces'
  try {
    execFileSync('unshare', ['--net', '--mount', 'sh', '-c', 'ip link set lo up'], { stdio: 'ignore' })
    return null
  } catch {
    return 'making a network namespace needs root, unshare and ip'
  }
}

/** A prompt set for a short sweep. */
async function fewPrompts(): Promise<string> {
  const file = join(await temporaryFolder(), 'prompts.json')
  await writeFile(file, JSON.stringify((await builtinPromptSet('demo-crc')).slice(0, 4)))
  return file
}

const noNetwork = whyNoNetwork()

// Where a network can be watched, what is left behind is looked at there too.
it.skipIf(noNetwork === null)('leaves no file behind after a sweep', async () => {
  const { folder, env } = await newUser()
  const args = ['sweep', '--no-check', '--blend-demo', '--prompts', await fewPrompts(), '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [builtScript('cli.js'), ...args], {
    env,
    maxBuffer: 2 ** 28
  })
  // Nothing but the sweep, whichever library runs in the process.
  expect(JSON.parse(stdout)).toBeTypeOf('object')
  expect(await readdir(folder, { recursive: true })).toEqual(['tmp'])
})

it.skipIf(noNetwork !== null)(
  `asks for no name, opens no connection and leaves no file behind in a sweep${noNetwork === null ? '' : ` (not here: ${noNetwork})`}`,
  async () => {
    const { folder, env } = await newUser()
    const resolver = join(await temporaryFolder(), 'resolv.conf')
    await writeFile(resolver, 'nameserver 127.0.0.1\n')
    const request = JSON.stringify({
      ...pairPaths({ kind: 'demo', pair: 'blend' }),
      layerCount: 12,
      device: 'cpu'
    })
    const setUp =
      'ip link set lo up && ip route add local default dev lo && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
    const watcher = await bundleProgram('watched-network.ts')
    onTestFinished(watcher.remove)
    const watched = [watcher.file, builtScript('cli.js'), builtScript('engine.js'), request, await fewPrompts()]
    const { stdout } = await promisify(execFile)(
      'unshare',
      ['--net', '--mount', 'sh', '-c', setUp, 'sh', resolver, process.execPath, ...watched],
      { env }
    )
    expect(JSON.parse(stdout)).toEqual({
      heardControl: true,
      computed: true,
      swept: true,
      names: [],
      datagrams: 0,
      connections: 0
    })
    expect(await readdir(folder, { recursive: true })).toEqual(['tmp'])
  },
  90_000
)
