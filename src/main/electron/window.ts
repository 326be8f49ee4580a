import { BrowserWindow, Menu, nativeTheme, screen, type WebContents } from 'electron'
import { builtPath } from '../base/built'
import { errorMessage } from '../base/files/bounded-file'
import { resourcePath } from '../base/resources'
import { contextTemplate } from './menus'
import { confirm, confirmNow, UNSAVED_EDITS } from './questions'

/** Colours of the window before its page appears, from src/renderer/ui/styles/palette.css. */
const BACKGROUND = { light: '#ffffff', dark: '#1a1d21' }

const PREFERRED = { width: 1440, height: 920 }
const SMALLEST = { width: 960, height: 520 }

/** Time within which a second crash counts as permanent. */
const BROKEN_AGAIN_MS = 60_000

/** Time after which the window is shown although its page has drawn nothing. */
const SHOW_LIMIT_MS = 10_000

/** Opens the window. @param onLoaded called after every load of the page's main frame, including reloads */
export function openWindow(page: string, onLoaded: (contents: WebContents) => void): BrowserWindow {
  const { width, height } = screen.getPrimaryDisplay().workAreaSize
  const window = new BrowserWindow({
    // Electron stores size and position under this name, and does not restore a position outside all screens.
    name: 'main',
    windowStatePersistence: true,
    width: Math.min(PREFERRED.width, width),
    height: Math.min(PREFERRED.height, height),
    minWidth: Math.min(SMALLEST.width, width),
    minHeight: Math.min(SMALLEST.height, height),
    show: false,
    // For Linux; elsewhere the program's file contains it.
    icon: resourcePath('icon', 'icon.png'),
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      preload: builtPath('preload', 'index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      // The spell checker would download dictionaries, on Linux and Windows.
      spellcheck: false
    }
  })
  showWhenReady(window)
  const contents = window.webContents
  stayOnPage(contents, page)
  contents.on('did-finish-load', () => {
    if (isPage(contents.mainFrame.url, page)) onLoaded(contents)
  })
  contents.on('context-menu', (_event, params) => {
    Menu.buildFromTemplate(contextTemplate(params)).popup({ window })
  })
  contents.on('will-prevent-unload', (event) => {
    if (confirmNow(window, UNSAVED_EDITS)) event.preventDefault()
  })
  reviveBroken(window, contents)
  window.loadURL(page).catch((error: unknown) => {
    // A load that a reload replaces also fails, with ERR_ABORTED.
    console.error(`The page was not loaded: ${errorMessage(error)}`)
    window.show()
  })
  return window
}

/** Shows the window with its first picture, or after a time limit. */
function showWhenReady(window: BrowserWindow): void {
  const limit = setTimeout(() => {
    console.error(`The page has drawn nothing for ${SHOW_LIMIT_MS / 1000} s.`)
    window.show()
  }, SHOW_LIMIT_MS)
  window.once('ready-to-show', () => {
    clearTimeout(limit)
    window.show()
  })
  window.once('closed', () => clearTimeout(limit))
}

export function bringToFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

/** Refuses other windows, web views and addresses. A reload keeps the address. */
function stayOnPage(contents: WebContents, page: string): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.on('will-navigate', (event) => {
    if (!isPage(event.url, page)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => {
    if (!isPage(event.url, page)) event.preventDefault()
  })
}

function isPage(url: string, page: string): boolean {
  const [target, allowed] = [new URL(url), new URL(page)]
  return target.protocol === allowed.protocol && target.host === allowed.host && target.pathname === allowed.pathname
}

/** Reloads a page that crashed or hangs. Jobs and projects are not lost, because they are in the main process. */
function reviveBroken(window: BrowserWindow, contents: WebContents): void {
  let brokenMs = -Infinity
  contents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit') return
    console.error(`The page ended: ${reason}, exit code ${exitCode}.`)
    const brokeAgain = performance.now() - brokenMs < BROKEN_AGAIN_MS
    brokenMs = performance.now()
    void reload(window, brokeAgain)
  })
  let hanging: AbortController | null = null
  window.on('unresponsive', () => {
    hanging?.abort()
    hanging = new AbortController()
    void confirm(window, brokenPage('The page does not answer.', 'Wait'), hanging.signal).then((reloads) => {
      if (reloads && !window.isDestroyed()) contents.forcefullyCrashRenderer()
    })
  })
  window.on('responsive', () => hanging?.abort())
}

async function reload(window: BrowserWindow, brokeAgain: boolean): Promise<void> {
  const reloads = !brokeAgain || (await confirm(window, brokenPage('The page broke again.', 'Close')))
  if (window.isDestroyed()) return
  if (reloads) window.webContents.reload()
  else window.destroy()
}

function brokenPage(message: string, keep: string): Parameters<typeof confirm>[1] {
  return {
    type: 'warning',
    message,
    detail: 'Projects and running jobs are not affected.',
    buttons: [keep, 'Load it again']
  }
}
