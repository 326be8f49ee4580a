import { randomUUID } from 'node:crypto'
import { version } from '../../../package.json'
import type { Rendering } from '../../contract/documents/crc'
import type { RunHead } from '../../contract/documents/run-head'
import { pairReferences } from '../checkpoint/pair'
import type { SampledPair } from './generation'

/** Creates the fields that every new run has: its id, time, program version, checkpoints and rendering settings. */
export const newRunHead = (
  request: { base: string; post: string; rendering: Rendering },
  pair: SampledPair
): RunHead => ({
  id: randomUUID(),
  createdAt: new Date().toISOString(),
  programVersion: version,
  ...pairReferences(request, pair),
  rendering: request.rendering
})
