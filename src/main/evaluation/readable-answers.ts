import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import { formatBytes, formatCount } from '../../contract/words/format'
import { maskBytes } from '../engine/forward/run-memory'
import type { DecoderSpec } from '../family'

/**
 * Refuses an answer that post cannot read within its memory. Attention masks grow with the square of the
 * length, and an engine without memory ends.
 *
 * @param memoryBytes limit of the masks
 * @throws WorkbenchError `unsupported` for the first such answer
 */
export function refuseUnreadable(
  lines: readonly SampleLine[],
  { promptSets }: EvaluationRun,
  spec: DecoderSpec,
  memoryBytes: number
): void {
  for (const { variant, prompt, tokens } of lines) {
    const promptLengths = promptSets.map(({ prompts }) => elementAt(prompts, prompt, 'prompt').tokens.length)
    const length = Math.max(0, ...promptLengths) + tokens.length
    const bytes = maskBytes(spec, {
      rows: length,
      longest: length,
      ...{ places: 1, leaves: 1, prompts: 1, furthest: 0 }
    })
    if (bytes <= memoryBytes) continue
    throw new WorkbenchError(
      'unsupported',
      `An answer of the variant "${variant}" to prompt ${prompt + 1} has ${formatCount(tokens.length)} tokens. ` +
        `Post would need ${formatBytes(bytes)} of memory to read it, and ${formatBytes(memoryBytes)} are there.`,
      'Start another evaluation with fewer tokens per answer.'
    )
  }
}
