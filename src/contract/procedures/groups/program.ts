import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { LocalPairs } from '../../documents/local-pairs'
import { OtherCheckpointReport, PairReport } from '../../documents/pair'
import { PairId, ListedProject } from '../../documents/project'
import { EndpointContact } from '../../model/endpoint'
import { DeviceReport } from '../../model/device'
import { FolderListing } from '../folders'
import { ShellEvent, ThemeChoice } from '../shell'
import { UserDefaults } from '../user-defaults'
import { folderPath, pairInput, procedure, projectPath } from './procedure'

export const appProcedures = {
  info: procedure.output(
    z.object({
      version: z.string(),
      /** desktop: native dialogs exist. browser: pick folders with folders.list. */
      entry: z.enum(['desktop', 'browser']),
      initialProject: z.string().nullable(),
      /** Pair of the initial project to show. Null means its first. */
      initialPair: PairId.nullable(),
      projectsFolder: z.string(),
      /** Total memory of this machine in bytes, the maximum that a setting can request. */
      memoryBytes: z.number(),
      /** Versions of the program's platforms. Only the desktop window has `electron`. */
      versions: z.object({ node: z.string(), onnxruntime: z.string(), electron: z.string().nullable() }),
      /** Folder of the defect log. Null if defects go to the terminal. */
      logFolder: z.string().nullable()
    })
  ),
  /** Streams requests of menus and further starts of the program. A browser has none. */
  watch: procedure.output(eventIterator(ShellEvent)),
  /** Answers a `save-edits` event. `waits` reports whether edits need a decision of the user. */
  editsSaved: procedure.input(z.object({ waits: z.boolean() })).output(z.void()),
  /** Tells the window frame the page's theme. */
  theme: procedure.input(z.object({ choice: ThemeChoice })).output(z.void()),
  /** Confirms addresses that prompts may be sent to, each with the variable of its key. */
  confirmAddresses: procedure.input(z.object({ addresses: z.array(EndpointContact).min(1).max(100) })).output(z.void()),
  recent: procedure.output(z.array(ListedProject)),
  forget: procedure.input(projectPath).output(z.array(ListedProject)),
  /** Finds pairs of models in the Hugging Face cache and in the folders that the user added. */
  localPairs: procedure.output(LocalPairs),
  config: procedure.output(UserDefaults),
  modelFolders: procedure.output(z.array(folderPath)),
  addModelFolder: procedure.input(z.object({ folder: folderPath })).output(z.array(folderPath)),
  removeModelFolder: procedure.input(z.object({ folder: folderPath })).output(z.array(folderPath))
}

export const folderProcedures = {
  /** Lists a folder. Null lists the projects folder's parent, or the home folder if that does not exist. */
  list: procedure.input(z.object({ path: folderPath.nullable() })).output(FolderListing),
  /** Opens the native folder dialog in `start` or the folder above it; null if it was cancelled. */
  pick: procedure
    .input(z.object({ title: z.string().max(200), start: z.string().max(4096).default('') }))
    .output(z.string().nullable()),
  /** Shows a file or folder in the system's file manager. It is rejected in the browser. */
  show: procedure.input(z.object({ path: folderPath })).output(z.void())
}

export const deviceProcedures = {
  /** Returns the test results of this machine's devices. `again` repeats the test. */
  list: procedure.input(z.object({ again: z.boolean() })).output(z.array(DeviceReport))
}

export const pairProcedures = {
  inspect: procedure.input(z.object({ base: folderPath, post: folderPath })).output(PairReport),
  /** Inspects another checkpoint for use with the project's pair. */
  inspectOther: procedure.input(pairInput.extend({ folder: folderPath })).output(OtherCheckpointReport)
}
