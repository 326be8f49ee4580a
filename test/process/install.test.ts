import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { resourcePath } from '../../src/main/base/resources'
import { temporaryFolder } from '../fixtures/checkpoint-builder'
import { demoPrompts } from '../fixtures/swept-project'
import { exitStatus, runCli, startCli, waitForOutput } from '../fixtures/cli'

const program = (...parts: string[]): string => resourcePath('..', ...parts)

describe('npm ci', () => {
  // Only newer npms read allowScripts; under the others onnxruntime-node's script would download an unchecked library.
  it('runs no script of a dependency, whatever the version of npm', () => {
    expect(readFileSync(program('.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true')
  })

  it('needs none: the packages with scripts are known, and the program works without these scripts', () => {
    const { packages } = z
      .object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })) })
      .parse(JSON.parse(readFileSync(program('package-lock.json'), 'utf8')))
    const scripted = Object.keys(packages).filter((name) => packages[name]?.hasInstallScript === true)
    expect(scripted).toEqual([
      // Makes installers of another kind.
      'node_modules/electron-winstaller',
      // Native code that msgpackr uses elsewhere; the build takes msgpackr's JavaScript alone.
      'node_modules/msgpackr-extract',
      // Fetches what install:cuda is for.
      'node_modules/onnxruntime-node'
    ])
  })
})

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('npm run install:cuda', () => {
  const install = program('tools/gpu/install-cuda.mjs')

  it("asks for the download in a word that onnxruntime-node's script understands", async () => {
    const utils = join(
      dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
      'script/install-utils.js'
    )
    const script = join(await temporaryFolder(), 'install.cjs')
    await writeFile(script, `console.log(String(require(${JSON.stringify(utils)}).parseInstallFlag()))`)
    // "undefined" ends the script without a word.
    expect(execFileSync(process.execPath, [install, script], { encoding: 'utf8' })).toBe('true\n')
  })

  it('says why a download failed and what to do, without a stack trace', async () => {
    const script = join(await temporaryFolder(), 'install.cjs')
    await writeFile(script, "Promise.reject(new Error('getaddrinfo ENOTFOUND api.nuget.org'))")
    const { status, stderr } = spawnSync(process.execPath, [install, script], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: [
        'onnxruntime’s CUDA library was not downloaded: getaddrinfo ENOTFOUND api.nuget.org',
        'It comes from api.nuget.org. Check the network, or name a proxy in GLOBAL_AGENT_HTTPS_PROXY.',
        'Until then, the CPU or WebGPU computes.\n'
      ].join('\n')
    })
  })
})

// npm is a script of its own on Windows.
describe.skipIf(process.platform === 'win32')('npm pack', () => {
  it('gives a built program that sweeps the demo and serves its page, in at most 26 MB', async () => {
    const folder = await temporaryFolder()
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: program(),
      encoding: 'utf8'
    })
    const [tarball] = z.array(z.object({ filename: z.string(), size: z.number() })).parse(JSON.parse(packed))
    expect(tarball?.size).toBeLessThan(26_000_000)
    execFileSync('tar', ['-xzf', tarball?.filename ?? ''], { cwd: folder })
    await symlink(program('node_modules'), join(folder, 'package/node_modules'))
    const script = join(folder, 'package/out/main/cli.js')
    const run = (...args: string[]): string => execFileSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    expect(run('--version')).toBe(await runCli(['--version']).then(({ stdout }) => stdout))
    const prompts = join(folder, 'prompts.json')
    await writeFile(prompts, JSON.stringify(await demoPrompts(4)))
    const swept = run('sweep', '--blend-demo', '--prompts', prompts, '--device', 'cpu', '--no-check', '--quiet')
    expect(swept).toMatch(/^Layers 4–11/)
    const env = { SLR_PROJECTS_DIR: join(folder, 'projects'), SLR_CONFIG_DIR: join(folder, 'config') }
    const served = startCli(['open', '--serve', '--demo', '--json'], env, script)
    const ended = exitStatus(served)
    const { url } = z.object({ url: z.url() }).parse(JSON.parse(await waitForOutput(served.stdout, /\}\n/)))
    const { headers } = await fetch(url, { redirect: 'manual' })
    const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
    const page = await fetch(new URL(headers.get('location') ?? '', url), { headers: { cookie } })
    const text = await page.text()
    served.kill('SIGTERM')
    expect(await ended).toBe(143)
    expect(text).toContain('<script type="module"')
  })
})
