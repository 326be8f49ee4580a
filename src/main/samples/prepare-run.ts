import type { Rendering } from '../../contract/documents/crc'
import { SAMPLE_RUN_VERSION, type SampleRun, type SampleSettings, type Variant } from '../../contract/documents/samples'
import { FEW_SHOT_DEFAULTS } from '../../contract/model/few-shot'
import { type SamplePrompt } from '../../contract/documents/task'
import { comparePrompts } from '../answers/compare-prompts'
import { openSampledPair } from './generation'
import { newRunHead } from './new-run'
import { planAnswers, type PlannedAnswers } from './plan-answers'
import { renderFewShot, renderSamplePrompts } from '../answers/render-sample-prompts'

export interface SampleRunRequest {
  base: string
  post: string
  prompts: readonly SamplePrompt[]
  rendering: Rendering
  variants: Variant[]
  settings: SampleSettings
}

/** Builds a run from a request, and prepares its answers. @throws WorkbenchError naming the prompt, variant or field */
export async function prepareSampleRun(
  request: SampleRunRequest
): Promise<{ run: SampleRun; planned: PlannedAnswers }> {
  const { rendering, variants, settings } = request
  const pair = await openSampledPair(request)
  const rendered = await renderSamplePrompts(request.prompts, rendering, pair.text)
  const { prompts } = rendered
  const fewShot = variants.some(({ kind }) => kind === 'few-shot')
    ? await renderFewShot(request.prompts, rendering.fewShot ?? FEW_SHOT_DEFAULTS.open, rendering, pair.text)
    : undefined
  const { planned, notices } = await planAnswers(pair, { prompts, fewShot, rendering, variants, settings }, (whole) =>
    comparePrompts(whole, pair, prompts, fewShot)
  )
  const run: SampleRun = {
    schemaVersion: SAMPLE_RUN_VERSION,
    ...newRunHead(request, pair),
    settings,
    variants,
    prompts,
    fewShot,
    stopTokens: planned.generation.stopTokens,
    weights: null,
    precision: null,
    external: [],
    notices: [...rendered.notices, ...notices],
    marks: []
  }
  return { run, planned }
}
