import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { RPCHandler } from '@orpc/server/message-port'
import { app, BrowserWindow, dialog, Menu, MessageChannelMain, nativeTheme, shell } from 'electron'
import { DEMO_PAIRS } from '../../contract/model/demo-pair'
import { version } from '../../../package.json'
import { nodeProgram } from '../base/node-program'
import { configFolder, huggingFaceCacheFolder, projectsFolder } from '../base/files/paths'
import { createEngineHost, engineStarter } from '../engine/host'
import { BESIDE_A_WINDOW } from '../engine/port'
import { ShellRequests } from '../workbench/shell'
import { problemOf } from '../base/rpc-problems'
import { createWorkbench } from '../workbench/router'
import { appImage } from './app-image'
import { StartRequest, readStartRequest } from './start-request'
import { closeInOrder } from './closing'
import { JobSigns } from './job-signs'
import { keepLog } from './log'
import { menuTemplate } from './menus'
import { PAGE, registerScheme, restrictSession, servePage } from './page-scheme'
import { confirm } from './questions'
import { openWindow, bringToFront } from './window'
import { errorMessage } from '../base/files/bounded-file'

/* Entry of the desktop program: one window with the built page, which talks to main over a message port. */

const startRequest = readStartRequest(process.argv, app.isPackaged)
const requests = new ShellRequests()
const signs = new JobSigns()
let recentProjects: Parameters<typeof menuTemplate>[1] = []
let closing = false

/** Warning after a start with --no-sandbox, which an AppImage's launcher adds if the system refuses user namespaces. */
const NO_SANDBOX: Parameters<typeof confirm>[1] = {
  type: 'warning',
  message: "The window runs without Chromium's full sandbox.",
  detail:
    'This system refuses user namespaces to the program. The .deb package brings the permission. ' +
    'For an AppImage: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  buttons: ['Quit', 'Continue']
}

// Set before the lock, which lies in this folder. Each machine has its own, because Chromium refuses the lock
// of another machine with the same home folder, and the start would end silently.
app.setPath('userData', join(configFolder(), 'window', hostname()))
app.setName('SLR Workbench')
app.setAppUserModelId('org.slr-workbench.app')
app.enableSandbox()
registerScheme()

if (app.requestSingleInstanceLock(startRequest)) {
  // Registered before Electron is ready, because a second start may come at any time.
  app.on('second-instance', (_event, _argv, _folder, data) => {
    // Another version of the program may send a request that cannot be parsed.
    openRequest(StartRequest.safeParse(data).data ?? { project: null })
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    openRequest({ project: path })
  })
  app.on('window-all-closed', () => app.quit())
  // The promise is not awaited, because Electron gets ready only after this module has been evaluated.
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      const { message, hint = '' } = problemOf(error) ?? { message: errorMessage(error) }
      dialog.showErrorBox('SLR Workbench could not start', `${message}\n${hint}`.trimEnd())
      app.exit(1)
    })
} else {
  app.quit()
}

/** Opens the project of a second start in this window. If this process is ending, Electron starts it again instead. */
function openRequest({ project, pair, demo }: StartRequest): void {
  if (closing) {
    const ownArguments = process.argv.slice(1, app.isPackaged ? 1 : 2)
    const named = pair === undefined ? [] : [`--pair=${pair}`]
    const requestedArguments = [
      ...(demo === undefined ? [] : [`--${DEMO_PAIRS[demo].word}`]),
      ...(project === null ? [] : [`--project=${project}`, ...named])
    ]
    const program = appImage()
    app.relaunch({
      args: [...ownArguments, ...requestedArguments],
      ...(program === undefined ? {} : { execPath: program })
    })
    return
  }
  const [window] = BrowserWindow.getAllWindows()
  if (window !== undefined) bringToFront(window)
  if (demo !== undefined) requests.send({ type: 'open-demo', demo })
  else if (project !== null) requests.send({ type: 'open', path: project, ...(pair === undefined ? {} : { pair }) })
}

async function start(): Promise<void> {
  // Without Node no project can be opened, so the error is shown at once.
  nodeProgram()
  if (process.argv.includes('--no-sandbox') && !(await confirm(null, NO_SANDBOX))) return app.quit()
  const logFolder = app.getPath('logs')
  keepLog(logFolder)
  app.setAboutPanelOptions({ applicationName: app.getName(), applicationVersion: version })
  const workbench = createWorkbench({
    engine: createEngineHost(engineStarter(undefined, [BESIDE_A_WINDOW])),
    entry: 'desktop',
    initial: startRequest,
    pickFolder,
    onJobNews: (news) => signs.receive(news),
    onRecent(projects) {
      recentProjects = projects
      showMenu(logFolder)
      const [newest] = projects
      // For docks and jump lists; has no effect elsewhere.
      if (newest?.exists === true) app.addRecentDocument(newest.path)
    },
    shell: {
      requests,
      logFolder,
      showInFolder: (path) => shell.showItemInFolder(path),
      setTheme(choice) {
        nativeTheme.themeSource = choice
      }
    }
  })
  app.on('will-quit', (event) => {
    event.preventDefault()
    if (closing) return
    closing = true
    void workbench.close().finally(() => app.exit())
  })
  await servePage()
  restrictSession()
  showMenu(logFolder)
  const rpc = new RPCHandler(workbench.router)
  const window = openWindow(PAGE, ({ mainFrame }) => {
    // Each page needs a new message port. The port of the previous page was closed with the page.
    const { port1, port2 } = new MessageChannelMain()
    rpc.upgrade(port1)
    port1.start()
    mainFrame.postMessage('slr:port', null, [port2])
  })
  closeInOrder(window, requests, signs)
}

function showMenu(logFolder: string): void {
  const template = menuTemplate(process.platform, recentProjects, {
    send: (event) => requests.send(event),
    showLogs: () => void shell.openPath(logFolder)
  })
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

/** Lets the user pick a folder in the system's dialog, which opens at `start` if it exists; null if none was picked. */
async function pickFolder(title: string, start: string): Promise<string | null> {
  const folders = [start, dirname(start), huggingFaceCacheFolder(), projectsFolder()]
  const options = {
    title,
    defaultPath: folders.find((folder) => folder.length > 1 && existsSync(folder)),
    properties: ['openDirectory', 'createDirectory']
  } satisfies Electron.OpenDialogOptions
  const [window] = BrowserWindow.getAllWindows()
  const { filePaths } = await (window === undefined
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(window, options))
  return filePaths[0] ?? null
}
