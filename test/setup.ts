import fc from 'fast-check'
import { afterEach, expect, vi } from 'vitest'
import './fixtures/equal-bytes'
import './fixtures/first-session'

// The same cases in every run: a failure is there for everybody, and a green run means the same thing everywhere.
fc.configureGlobal({ seed: 20_260_101 })

// Other tests need not load what drives a browser.
if (/[\\/]test[\\/]browser[\\/]/.test(expect.getState().testPath ?? '')) {
  const { endPages } = await import('./fixtures/browser')
  afterEach(endPages)
  vi.setConfig({ testTimeout: 300_000 })
}
