import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright-core'
import { expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../..', import.meta.url))

/** Electron's binary, or why it cannot be started here. */
function findElectron(): { binary: string } | { missing: string } {
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  const pathFile = join(folder, 'path.txt')
  const binary = existsSync(pathFile) ? join(folder, 'dist', readFileSync(pathFile, 'utf8')) : null
  if (binary === null || !existsSync(binary)) return { missing: "Electron's binary is not installed" }
  const needsDisplay = process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']
  return needsDisplay ? { missing: 'there is no display' } : { binary }
}

const electron = findElectron()
const missing = 'missing' in electron ? electron.missing : null
if (missing !== null) console.log(`Skipped the desktop window's test: ${missing}.`)

it.skipIf(missing !== null)('the desktop window opens the demo project over its message port', async () => {
  if ('missing' in electron) return
  const folder = await mkdtemp(join(tmpdir(), 'slr-electron-'))
  // Chromium's sandbox does not work for root, who runs tests in containers.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const desktop = await _electron.launch({
    executablePath: electron.binary,
    args: [...sandbox, PROGRAM, '--demo'],
    env: {
      ...process.env,
      SLR_CONFIG_DIR: join(folder, 'config'),
      SLR_PROJECTS_DIR: join(folder, 'projects')
    }
  })
  try {
    const page = await desktop.firstWindow()
    await page.waitForFunction(() => document.title.startsWith('Demo in three stages'))
    expect(await page.evaluate(() => typeof window.slrDesktop?.pathOf)).toBe('function')
    expect(await page.evaluate(() => typeof Reflect.get(window, 'require'))).toBe('undefined')
    expect(existsSync(join(folder, 'projects', 'Demo in three stages.slr', 'project.json'))).toBe(true)
  } finally {
    await desktop.close()
    await rm(folder, { recursive: true, force: true })
  }
})
