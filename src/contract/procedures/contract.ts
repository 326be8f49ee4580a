import { chatProcedures } from './groups/chat'
import { checkProcedures } from './groups/checks'
import { evaluationProcedures } from './groups/evaluations'
import { exportProcedures, rankProcedures, servingProcedures } from './groups/exports'
import { historyProcedures } from './groups/history'
import { lineageProcedures } from './groups/lineages'
import { pairListProcedures } from './groups/pair-list'
import { probeProcedures } from './groups/probes'
import { appProcedures, deviceProcedures, folderProcedures, pairProcedures } from './groups/program'
import { projectProcedures } from './groups/projects'
import { promptProcedures } from './groups/prompts'
import { checksumProcedures, distanceProcedures, valueProcedures } from './groups/readings'
import { checkpointProcedures, recipeProcedures } from './groups/recipes'
import { sampleProcedures } from './groups/samples'
import { searchProcedures } from './groups/searches'
import { sweepProcedures } from './groups/sweeps'
import { workProcedures } from './groups/work'

/** Procedures that the window calls in main, over Electron's message ports or a WebSocket. */
export const contract = {
  app: appProcedures,
  folders: folderProcedures,
  devices: deviceProcedures,
  pair: pairProcedures,
  projects: projectProcedures,
  pairs: pairListProcedures,
  work: workProcedures,
  distances: distanceProcedures,
  checksums: checksumProcedures,
  values: valueProcedures,
  prompts: promptProcedures,
  sweeps: sweepProcedures,
  checks: checkProcedures,
  ranks: rankProcedures,
  lineages: lineageProcedures,
  searches: searchProcedures,
  history: historyProcedures,
  probes: probeProcedures,
  chat: chatProcedures,
  recipes: recipeProcedures,
  checkpoints: checkpointProcedures,
  exports: exportProcedures,
  serving: servingProcedures,
  samples: sampleProcedures,
  evaluations: evaluationProcedures
}

export type Contract = typeof contract
