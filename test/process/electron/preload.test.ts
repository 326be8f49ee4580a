import { readFile } from 'node:fs/promises'
import { createContext, runInContext } from 'node:vm'
import { expect, it, onTestFinished, vi } from 'vitest'
import { builtPath } from '../../../src/main/base/built'
import { openConnections } from '../../../src/renderer/app/connection'

const ORIGIN = 'slr://app'

/** The page of a window with context isolation: one DOM window, of which the preload and the page have a global object each. */
class IsolatedPage {
  readonly mainWorld = Object.assign(new EventTarget(), { location: { origin: ORIGIN } })
  private readonly ipc = new Map<string, (event: { ports: MessagePort[] }, message: unknown) => void>()
  /** Files that lie on a disk, which a page cannot make. */
  private readonly paths = new WeakMap<File, string>()

  /** docs/tutorial/sandbox.md: a sandboxed preload requires `electron`, `events`, `timers` and `url`, and nothing else. */
  private readonly require = (name: string): unknown => {
    if (name === 'electron') return this.electron
    throw new Error(`module not found: ${name}`)
  }

  private readonly electron = {
    contextBridge: {
      /** shell/renderer/api/electron_api_context_bridge.cc, ExposeAPI: a name that the window has is refused. */
      exposeInMainWorld: (name: string, api: unknown) => {
        if (name in this.mainWorld) throw new Error('Cannot bind an API on top of an existing property')
        Object.defineProperty(this.mainWorld, name, { value: passed(api), enumerable: true })
      }
    },
    ipcRenderer: {
      on: (channel: string, listener: (event: { ports: MessagePort[] }, message: unknown) => void) =>
        void this.ipc.set(channel, listener)
    },
    webUtils: {
      /** docs/api/web-utils.md: the path of a file on a disk, and empty for a file that a page made. */
      getPathForFile: (file: unknown) => {
        if (!(file instanceof File)) throw new TypeError('getPathForFile expected to receive a File object')
        return this.paths.get(file) ?? ''
      }
    }
  }

  async load(preload: string): Promise<void> {
    const window = { location: { origin: ORIGIN }, postMessage: this.postMessage }
    const module = { exports: {} }
    const sandbox = createContext({ require: this.require, module, exports: module.exports, window })
    runInContext(await readFile(preload, 'utf8'), sandbox)
  }

  fileAt(path: string): File {
    const file = new File([], 'dropped')
    this.paths.set(file, path)
    return file
  }

  /** docs/api/web-frame-main.md, postMessage: the ports are in the event of `ipcRenderer`. */
  fromMain(channel: string, message: unknown, ports: MessagePort[]): void {
    this.ipc.get(channel)?.({ ports }, message)
  }

  /** docs/tutorial/message-ports.md: a message of the preload comes from the page's own window. Another origin gets none. */
  private readonly postMessage = (data: unknown, targetOrigin: string, ports: MessagePort[]): void => {
    if (targetOrigin !== ORIGIN) return
    const event = Object.assign(new Event('message'), { data, ports, source: this.mainWorld })
    setImmediate(() => this.mainWorld.dispatchEvent(event))
  }
}

/** electron_api_context_bridge.cc, PassValueToOtherContext: functions become proxies, and plain objects frozen copies. */
function passed(value: unknown): unknown {
  if (typeof value === 'function')
    return (...input: unknown[]): unknown => passed(Reflect.apply(value, undefined, input.map(passed)))
  if (typeof value !== 'object' || value === null || value instanceof File) return value
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, passed(entry)])))
}

it('gives the page its line to main and the paths of dropped files, and nothing else', async () => {
  const page = new IsolatedPage()
  const before = Object.keys(page.mainWorld)
  await page.load(builtPath('preload', 'index.cjs'))
  const exposed = Object.entries(page.mainWorld).filter(([name]) => !before.includes(name))
  expect(exposed).toEqual([['slrDesktop', { pathOf: expect.any(Function) }]])

  vi.stubGlobal('window', page.mainWorld)
  onTestFinished(() => void vi.unstubAllGlobals())
  expect(window.slrDesktop?.pathOf(page.fileAt('/models/base'))).toBe('/models/base')
  expect(window.slrDesktop?.pathOf(new File([], 'made'))).toBe('')

  const connect = openConnections()
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  page.fromMain('slr:port', null, [port2])
  const { client } = await connect()
  const request = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)))
  client.app.info().catch(() => undefined)
  expect(JSON.stringify(await request)).toContain('/app/info')
})
