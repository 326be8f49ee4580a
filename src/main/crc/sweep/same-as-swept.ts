import type { RenderedPrompt, SweepDocument } from '../../../contract/documents/crc'
import { mismatchError } from '../../../contract/model/problem'

/** Refuses to compare scores after a checkpoint or its tokenizer has changed. @throws WorkbenchError `mismatch` */
export function requireSameAsSwept(
  current: Pick<SweepDocument, 'basePath' | 'postPath'> & {
    prompts: readonly Pick<RenderedPrompt, 'tokens'>[]
  },
  sweep: SweepDocument
): void {
  for (const member of ['basePath', 'postPath'] as const) {
    if (current[member].fingerprint === sweep[member].fingerprint) continue
    if (current[member].path !== sweep[member].path) {
      throw mismatchError(
        `${current[member].path} is another model than that of the sweep ${sweep.id}, ` +
          `${sweep[member].path}: its scores cannot be compared.`,
        `Give the sweep's own models, or sweep this one.`
      )
    }
    throw mismatchError(
      `${current[member].path} has changed since the sweep ${sweep.id}: its scores cannot be compared.`,
      'Sweep again.'
    )
  }
  const changed = current.prompts.findIndex(
    ({ tokens }, index) => tokens.join() !== sweep.prompts[index]?.tokens.join()
  )
  if (changed !== -1) {
    throw mismatchError(
      `Prompt ${changed + 1} becomes other tokens than in the sweep ${sweep.id}: the tokenizer or its ` +
        'template has changed.',
      'Sweep again.'
    )
  }
}
