import { EventEmitter } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { showInBrowser } from '../../../../src/main/serve/browser'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { waitFor } from '../../../fixtures/wait-for'

/** Everything the library that starts browsers was told: it stands on a command line. */
const told: unknown[][] = []
vi.mock('open', () => ({
  default: async (...args: unknown[]) => {
    told.push(args)
    return new EventEmitter()
  }
}))

it('tells the browser where to go in a file of its user alone, and takes it away again', async () => {
  const folder = await temporaryFolder()
  vi.stubEnv('SLR_PROJECTS_DIR', folder)
  const used = new AbortController()
  const shown = showInBrowser('http://127.0.0.1:8000/?token=secret', used.signal)
  await waitFor(() => expect(told).toEqual([[expect.stringMatching(/^file:.*\.html$/)]]))
  expect(JSON.stringify(told)).not.toContain('secret')
  const file = fileURLToPath(String(told[0]))
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toContain('content="0; url=http://127.0.0.1:8000/?token=secret"')
  used.abort()
  await shown
  expect(await readdir(folder)).toEqual([])
})
