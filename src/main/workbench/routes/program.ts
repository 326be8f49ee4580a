import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { dependencies, version } from '../../../../package.json'
import type { ListedProject } from '../../../contract/documents/project'
import { unsupportedError } from '../../../contract/model/problem'
import { configFile, configuredMemory, readUserConfig } from '../../base/config-file'
import { addedModelFolders } from '../../base/files/network-path'
import { absolutePath, modelPath, projectsFolder } from '../../base/files/paths'
import { inspectOther } from '../../checkpoint/other-checkpoint'
import { findPairs } from '../../checkpoint/local-pairs'
import { inspectPair } from '../../checkpoint/pair'
import type { Devices } from '../../work/devices'
import { demoPath, pairPaths } from '../../project/demo'
import { listFolder } from '../../project/folder-listing'
import { addModelFolder, modelFolders, removeModelFolder } from '../../project/pair/model-folders'
import { confirmAddresses } from '../../endpoint/confirmed-addresses'
import { forgetProject } from '../../project/recents'
import type { Entry } from '../entry'
import { ShellRequests } from '../shell'
import { route, type Routing } from './route'

/** Handles the procedures of the program itself: its start, recent projects, settings and folders with models. */
export function appRoutes({ projects, jobs }: Routing, { entry, initial, shell, onRecent }: Entry) {
  const { app } = route
  const recent = (): Promise<ListedProject[]> => projects.recent((pair) => jobs.turns.running(pair))
  return app.router({
    info: app.info.handler(async () => {
      // The window reports the problem when it opens the demo.
      const { demo, project } = initial
      if (demo !== undefined) await projects.openDemo(demo).catch(() => undefined)
      const projectPath = project === null ? null : resolve(project)
      return {
        version,
        entry,
        initialProject: demo === undefined ? projectPath : await demoPath(demo),
        initialPair: initial.pair ?? null,
        projectsFolder: projectsFolder(),
        memoryBytes: totalmem(),
        versions: {
          node: process.versions.node,
          onnxruntime: dependencies['onnxruntime-node'],
          electron: process.versions['electron'] ?? null
        },
        logFolder: shell?.logFolder ?? null
      }
    }),
    watch: app.watch.handler(({ signal }) => (shell?.requests ?? new ShellRequests()).watch(signal)),
    editsSaved: app.editsSaved.handler(({ input }) => shell?.requests.editsSaved(input.waits)),
    theme: app.theme.handler(({ input }) => shell?.setTheme(input.choice)),
    confirmAddresses: app.confirmAddresses.handler(({ input }) => confirmAddresses(input.addresses)),
    recent: app.recent.handler(async () => {
      const recents = await recent()
      onRecent?.(recents)
      return recents
    }),
    forget: app.forget.handler(async ({ input }) => {
      await forgetProject(input.path)
      return recent()
    }),
    localPairs: app.localPairs.handler(async ({ signal }) =>
      findPairs(await modelFolders(), signal ?? new AbortController().signal)
    ),
    config: app.config.handler(async () => {
      const config = await readUserConfig()
      const { device = null, modelFolders: folders } = config
      return { path: configFile(), device, memoryBytes: configuredMemory(config), modelFolders: folders }
    }),
    modelFolders: app.modelFolders.handler(() => addedModelFolders.read()),
    addModelFolder: app.addModelFolder.handler(async ({ input }) => {
      await addModelFolder(input.folder)
      return addedModelFolders.read()
    }),
    removeModelFolder: app.removeModelFolder.handler(async ({ input }) => {
      await removeModelFolder(input.folder)
      return addedModelFolders.read()
    })
  })
}

export function folderRoutes({ pickFolder, shell }: Entry) {
  const { folders } = route
  return folders.router({
    list: folders.list.handler(({ input }) => listFolder(input.path)),
    pick: folders.pick.handler(({ input }) => {
      if (pickFolder !== undefined) return pickFolder(input.title, input.start)
      throw unsupportedError('A browser has no folder dialog that can tell a path; list folders instead.')
    }),
    show: folders.show.handler(({ input }) => {
      if (shell !== undefined) return shell.showInFolder(absolutePath(input.path))
      throw unsupportedError('A browser cannot show folders; copy the path instead.')
    })
  })
}

export function deviceRoutes(machineDevices: Devices) {
  const { devices } = route
  return devices.router({
    list: devices.list.handler(({ input }) => {
      if (input.again) machineDevices.forget()
      return machineDevices.reports()
    })
  })
}

/** Handles the procedures that describe the models in folders. */
export function pairRoutes({ withPair }: Routing) {
  const { pair: pairRoute } = route
  return pairRoute.router({
    inspect: pairRoute.inspect.handler(({ input }) => inspectPair(modelPath(input.base), modelPath(input.post))),
    inspectOther: pairRoute.inspectOther
      .use(withPair)
      .handler(({ context: { pair }, input }) =>
        inspectOther(pairPaths(pair.document.location), modelPath(input.folder))
      )
  })
}
