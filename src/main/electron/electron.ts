import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { RPCHandler } from '@orpc/server/message-port'
import {
  app,
  BrowserWindow,
  dialog,
  Menu,
  MessageChannelMain,
  Notification,
  protocol,
  session,
  type MenuItemConstructorOptions
} from 'electron'
import { builtPath } from '../base/built'
import { createEngineHost } from '../engine/host'
import type { JobNews } from '../jobs/job-news'
import { rendererFiles } from '../serve/renderer-files'
import { createWorkbench } from '../workbench/router'
import { desktopEngines } from './engine-process'

/** The desktop entry: one window on the built page, a message port between it and main, and nothing remote. */

/** The page has an origin of its own; file:// addresses would all share one. */
const SCHEME = 'slr'
/** Where `npm run dev` serves the page from its sources. */
const DEV_PAGE = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']
const PAGE = DEV_PAGE ?? `${SCHEME}://workbench/`

protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }])

if (app.requestSingleInstanceLock()) {
  // Not awaited: Electron gets ready only after this module has been evaluated.
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      dialog.showErrorBox(
        'SLR Workbench could not start',
        error instanceof Error ? error.message : String(error)
      )
      app.exit(1)
    })
} else {
  app.quit()
}

async function start(): Promise<void> {
  // Not strict: Chromium's own switches may stand among ours.
  const { values } = parseArgs({
    args: process.argv,
    options: { project: { type: 'string' }, demo: { type: 'boolean' } },
    strict: false
  })
  const workbench = createWorkbench({
    engine: createEngineHost(desktopEngines()),
    entry: 'desktop',
    initial: {
      project: typeof values.project === 'string' ? values.project : null,
      demo: values.demo === true
    },
    pickFolder,
    onJobNews: showJob
  })

  if (DEV_PAGE === undefined) await servePage()
  refusePermissions()
  Menu.setApplicationMenu(Menu.buildFromTemplate(menus()))
  const rpc = new RPCHandler(workbench.router)
  openWindow(rpc)

  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows()
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  app.on('will-quit', (event) => {
    event.preventDefault()
    void workbench.close().finally(() => app.exit())
  })
}

function openWindow(rpc: RPCHandler<Record<never, never>>): void {
  const window = new BrowserWindow({
    width: 1440,
    height: 920,
    minWidth: 960,
    minHeight: 640,
    show: false,
    webPreferences: {
      preload: builtPath('preload', 'index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false
    }
  })
  window.once('ready-to-show', () => window.show())
  const page = window.webContents
  page.setWindowOpenHandler(() => ({ action: 'deny' }))
  page.on('will-navigate', (event) => event.preventDefault())
  // After every load, a reload included, the page gets a port of its own; the port of the page before is gone with it.
  page.on('did-finish-load', () => {
    if (!page.mainFrame.url.startsWith(PAGE)) return
    const { port1, port2 } = new MessageChannelMain()
    rpc.upgrade(port1)
    port1.start()
    page.mainFrame.postMessage('slr:port', null, [port2])
  })
  void window.loadURL(PAGE)
}

async function servePage(): Promise<void> {
  const files = await rendererFiles()
  protocol.handle(SCHEME, async (request) => {
    const found = files.get(new URL(request.url).pathname)
    if (found === undefined) return new Response(null, { status: 404 })
    return new Response(new Uint8Array(await readFile(found.file)), { headers: found.headers })
  })
}

/** The page asks for nothing but to copy numbers; its charts and projects need no device, place or notification. */
function refusePermissions(): void {
  const allowed = (permission: string): boolean => permission === 'clipboard-sanitized-write'
  session.defaultSession.setPermissionCheckHandler((_page, permission) => allowed(permission))
  session.defaultSession.setPermissionRequestHandler((_page, permission, answer) =>
    answer(allowed(permission))
  )
}

async function pickFolder(title: string): Promise<string | null> {
  const [window] = BrowserWindow.getAllWindows()
  const options = {
    title,
    properties: ['openDirectory', 'createDirectory']
  } satisfies Electron.OpenDialogOptions
  const { filePaths } = await (window === undefined
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(window, options))
  return filePaths[0] ?? null
}

/** The taskbar follows the running job, and a window in the background says when it is over. */
function showJob(news: JobNews): void {
  const windows = BrowserWindow.getAllWindows()
  const INDETERMINATE = 2
  const NONE = -1
  const share = news.type === 'progress' ? (news.share ?? INDETERMINATE) : NONE
  for (const window of windows) window.setProgressBar(share)
  if (news.type === 'progress' || news.type === 'cancelled') return
  if (windows.some((window) => window.isFocused()) || !Notification.isSupported()) return
  const body =
    news.type === 'finished' ? `${news.job} is done.` : `${news.job} failed: ${news.problem.message}`
  new Notification({ title: 'SLR Workbench', body }).show()
}

function menus(): MenuItemConstructorOptions[] {
  const application: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : []
  return [
    ...application,
    { role: 'fileMenu' },
    { role: 'editMenu' },
    { role: 'viewMenu' },
    { role: 'windowMenu' }
  ]
}
