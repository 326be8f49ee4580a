import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { LocalPairs } from '../../documents/local-pairs'
import { OtherCheckpointReport, PairReport } from '../../documents/pair'
import { PairId, ListedProject } from '../../documents/project'
import { EndpointContact } from '../../model/endpoint'
import { DeviceReport } from '../../model/device'
import { FolderListing } from '../folders'
import { ShellEvent, ThemeChoice } from '../shell'
import { folderPath, ofPair, procedure, projectPath } from './procedure'

export const appProcedures = {
  info: procedure.output(
    z.object({
      version: z.string(),
      /** desktop: native dialogs exist. browser: pick folders with folders.list. */
      entry: z.enum(['desktop', 'browser']),
      /** Project to show first, such as the one named on the command line. */
      initialProject: z.string().nullable(),
      /** Of that; null for its first. */
      initialPair: PairId.nullable(),
      /** Where new projects go unless the user says otherwise. */
      projectsFolder: z.string(),
      /** All memory of this machine, in bytes: no more can be asked for. */
      memoryBytes: z.number(),
      /** What the program runs on; `electron` in the desktop window alone. */
      versions: z.object({ node: z.string(), onnxruntime: z.string(), electron: z.string().nullable() }),
      /** Where defects are written to; null where they go to the terminal. */
      logFolder: z.string().nullable()
    })
  ),
  /** What menus and other starts of the program ask of the page; a browser has none. */
  watch: procedure.output(eventIterator(ShellEvent)),
  /** Answers `settle`. `waits`: whether edits wait for the user to say what becomes of them. */
  settled: procedure.input(z.object({ waits: z.boolean() })).output(z.void()),
  /** The page's theme, for the frame around it. */
  theme: procedure.input(z.object({ choice: ThemeChoice })).output(z.void()),
  /** Confirms addresses that prompts may be sent to, each with the variable of its key. */
  confirmAddresses: procedure
    .input(z.object({ addresses: z.array(EndpointContact).min(1).max(100) }))
    .output(z.void()),
  recent: procedure.output(z.array(ListedProject)),
  forget: procedure.input(projectPath).output(z.array(ListedProject)),
  /** Pairs of models in the Hugging Face cache and the folders that the user has added; found anew at each call. */
  localPairs: procedure.output(LocalPairs),
  /** Where the user has models looked for, besides the cache. */
  modelFolders: procedure.output(z.array(folderPath)),
  addModelFolder: procedure.input(z.object({ folder: folderPath })).output(z.array(folderPath)),
  removeModelFolder: procedure.input(z.object({ folder: folderPath })).output(z.array(folderPath))
}

export const folderProcedures = {
  /** Null lists the projects folder's parent, or the home folder when that does not exist. */
  list: procedure.input(z.object({ path: folderPath.nullable() })).output(FolderListing),
  /** The native folder dialog, in `start` or the folder above it; null when cancelled. Refused in the browser. */
  pick: procedure
    .input(z.object({ title: z.string().max(200), start: z.string().max(4096).default('') }))
    .output(z.string().nullable()),
  /** Shows a file or folder in the system's file manager. Refused in the browser. */
  show: procedure.input(z.object({ path: folderPath })).output(z.void())
}

export const deviceProcedures = {
  /** What this machine can compute on; `again` tries it out once more. The first answer takes some seconds. */
  list: procedure.input(z.object({ again: z.boolean() })).output(z.array(DeviceReport))
}

export const pairProcedures = {
  inspect: procedure.input(z.object({ base: folderPath, post: folderPath })).output(PairReport),
  /** Looks at another checkpoint beside the project's pair. */
  inspectOther: procedure.input(ofPair.extend({ folder: folderPath })).output(OtherCheckpointReport)
}
