import { BrowserWindow, dialog, Menu, nativeTheme, screen, type WebContents } from 'electron'
import { builtPath } from '../base/built'
import { resourcePath } from '../base/resources'
import { contextTemplate } from './menus'

/** The window's colour before its page is there, of src/renderer/ui/styles/palette.css. */
const BACKGROUND = { light: '#ffffff', dark: '#1a1d21' }

const PREFERRED = { width: 1440, height: 920 }
const SMALLEST = { width: 960, height: 520 }

/** A page that broke twice within this would break for ever. */
const BROKEN_AGAIN_MS = 60_000

/** @param page its address @param onLoaded hears of the main frame of that page after every load, a reload included */
export function openWindow(page: string, onLoaded: (contents: WebContents) => void): BrowserWindow {
  const { width, height } = screen.getPrimaryDisplay().workAreaSize
  const window = new BrowserWindow({
    // Electron keeps size and place under this name, and does not restore what lies off every screen.
    name: 'main',
    windowStatePersistence: true,
    width: Math.min(PREFERRED.width, width),
    height: Math.min(PREFERRED.height, height),
    minWidth: Math.min(SMALLEST.width, width),
    minHeight: Math.min(SMALLEST.height, height),
    show: false,
    // For Linux; elsewhere the program's file has it.
    icon: resourcePath('icon', 'icon.png'),
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      preload: builtPath('preload', 'index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      // It would download dictionaries, on Linux and Windows.
      spellcheck: false
    }
  })
  window.once('ready-to-show', () => window.show())
  const contents = window.webContents
  stayOnPage(contents, page)
  contents.on('did-finish-load', () => {
    if (isPage(contents.mainFrame.url, page)) onLoaded(contents)
  })
  contents.on('context-menu', (_event, params) => {
    Menu.buildFromTemplate(contextTemplate(params)).popup({ window })
  })
  contents.on('will-prevent-unload', (event) => {
    if (leavesUnsaved(window)) event.preventDefault()
  })
  reviveBroken(window, contents)
  void window.loadURL(page)
  return window
}

/** Brings a window to the user. */
export function raise(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

/** Asks whether to leave edits that wait for the user. */
export function leavesUnsaved(window: BrowserWindow): boolean {
  return (
    dialog.showMessageBoxSync(window, {
      type: 'question',
      message: 'Edits of prompts are not saved.',
      detail: 'They were changed elsewhere too, and wait for you to choose.',
      buttons: ['Stay', 'Leave without them'],
      defaultId: 0,
      cancelId: 0
    }) === 1
  )
}

/** No window, no web view and no other address; a reload is the page itself. */
function stayOnPage(contents: WebContents, page: string): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.on('will-navigate', (event) => {
    if (!isPage(event.url, page)) event.preventDefault()
  })
}

function isPage(url: string, page: string): boolean {
  const [asked, own] = [new URL(url), new URL(page)]
  return asked.protocol === own.protocol && asked.host === own.host && asked.pathname === own.pathname
}

/** Jobs and projects live in main, so that a page that died or hangs is brought back by loading it. */
function reviveBroken(window: BrowserWindow, contents: WebContents): void {
  let brokenMs = -Infinity
  contents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit') return
    console.error(`The page ended: ${reason}, exit code ${exitCode}.`)
    const again = performance.now() - brokenMs < BROKEN_AGAIN_MS
    brokenMs = performance.now()
    if (!again || asked(window, 'The page broke again.', ['Close', 'Load it again'])) contents.reload()
    else window.destroy()
  })
  window.on('unresponsive', () => {
    if (asked(window, 'The page does not answer.', ['Wait', 'Load it again']))
      contents.forcefullyCrashRenderer()
  })
}

function asked(window: BrowserWindow, message: string, buttons: [string, string]): boolean {
  const detail = 'Projects and running work are not in it, and go on.'
  return dialog.showMessageBoxSync(window, { type: 'warning', message, detail, buttons, cancelId: 0 }) === 1
}
