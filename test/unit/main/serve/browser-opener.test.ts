import { EventEmitter } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { showInBrowser } from '../../../../src/main/serve/browser'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { waitFor } from '../../../fixtures/wait-for'

it('names the address to the browser in a file that only its user can read, and removes the file', async () => {
  const folder = await temporaryFolder()
  vi.stubEnv('SLR_PROJECTS_DIR', folder)
  const used = new AbortController()
  // It stands on a command line.
  const told: string[] = []
  const start = async (address: string): Promise<EventEmitter> => {
    told.push(address)
    return new EventEmitter()
  }
  const shown = showInBrowser('http://127.0.0.1:8000/?token=secret', used.signal, start)
  await waitFor(() => expect(told).toEqual([expect.stringMatching(/^file:.*\.html$/)]))
  expect(told.join()).not.toContain('secret')
  const file = fileURLToPath(told.join())
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toContain('content="0; url=http://127.0.0.1:8000/?token=secret"')
  used.abort()
  await shown
  expect(await readdir(folder)).toEqual([])
})
