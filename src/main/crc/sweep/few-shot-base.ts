import type { FewShotScore, Rendering, SweepDocument } from '../../../contract/documents/crc'
import type { WorkCounts } from '../../../contract/documents/sweep-work'
import { fewShotOf, type Task } from '../../../contract/documents/task'
import { FEW_SHOT_DEFAULTS, type FewShotPrompt } from '../../../contract/model/few-shot'
import { elementAt } from '../../../contract/model/look-up'
import { unsupportedError, WorkbenchError } from '../../../contract/model/problem'
import { fewShotPrompts } from '../../answers/render-sample-prompts'
import { throwIfCancelled } from '../../base/files/cancelling'
import { openPair } from '../../checkpoint/pair'
import type { EngineClient } from '../../engine/host'
import { recentTextModel } from '../../text/recent-text-models'
import { forecastMeasures } from '../task/forecasts'
import { ScoreCollector } from '../task/model-scores'
import { scorerOf } from '../task/scorer'
import { averageScores } from '../task/scoring'
import { promptWithStoredDigits } from './assemble-sweep'
import { budgetOf } from './engine-request'
import {
  type CrcSweepRequest,
  refuseLongPrompts,
  type RenderedSweep,
  renderSweep,
  samplingOf
} from './prepare-sweep'

/** Adds the score of base after a few-shot prompt. If base cannot be scored, the sweep gets a notice. */
export async function withFewShotBase(
  engine: EngineClient,
  request: CrcSweepRequest,
  sweep: SweepDocument,
  signal: AbortSignal
): Promise<SweepDocument> {
  if (!request.ranges || request.wholeBase === false || sweep.preview !== null) return sweep
  try {
    return { ...sweep, fewShot: await scoreFewShotBase(engine, request, sweep, signal) }
  } catch (error) {
    throwIfCancelled(signal, 'The sweep')
    if (!(error instanceof WorkbenchError)) throw error
    return {
      ...sweep,
      notices: [...sweep.notices, `Base after a few-shot prompt has no score. ${error.message}`]
    }
  }
}

async function scoreFewShotBase(
  engine: EngineClient,
  request: CrcSweepRequest,
  { prompts, scoredBy, base, whatIf, device, precision }: SweepDocument,
  signal: AbortSignal
): Promise<FewShotScore> {
  const format =
    scoredBy.kind === 'task'
      ? fewShotOf(scoredBy.task, request.rendering)
      : (request.rendering.fewShot ?? FEW_SHOT_DEFAULTS.characters)
  const rendered = await renderForBase(request, format)
  if (
    rendered.prompts.some(
      ({ valid }, prompt) => valid.join() !== elementAt(prompts, prompt, 'prompt').valid.join()
    )
  )
    throw unsupportedError('Other answers can be written after it than in the chat template.')
  const scorer = scorerOf(scoredBy)
  const collector = new ScoreCollector(prompts)
  let work: WorkCounts | null = null
  const events = await engine.sweep(
    {
      ...{ base: request.base, post: request.post, device, precision, whatIf },
      models: [{ kind: 'base' }],
      prompts: rendered.prompts.map(({ tokens }, prompt) => ({
        tokens,
        groups: elementAt(rendered.groups, prompt, 'prompt')
      })),
      memoryBytes: budgetOf({ request }),
      sampling: samplingOf({ scoredBy })
    },
    { signal }
  )
  for await (const event of events) {
    if (event.type === 'done') work = event.work
    if (event.type !== 'probabilities') continue
    for (const [row, prompt] of event.prompts.entries()) {
      const groups = elementAt(event.probabilities, row, 'prompt')
      const other = event.whatIf?.[row]
      const stored = other === undefined ? undefined : scorer.keep(other, groups.length)
      collector.set(prompt, promptWithStoredDigits(scorer.score(groups, stored)))
    }
  }
  if (work === null)
    throw new WorkbenchError('engine-lost', 'The engine ended before every score had arrived.')
  const scores = prompts.map((_, prompt) => collector.of(prompt))
  return {
    ...averageScores(prompts, scores),
    ...forecastMeasures(prompts, scores, base?.prompts, scoredBy.kind === 'crc'),
    format,
    work
  }
}

/** Renders the prompts of a sweep for base. @throws WorkbenchError if base makes other tokens of them */
async function renderForBase(
  { base, post, prompts, rendering }: CrcSweepRequest,
  format: FewShotPrompt
): Promise<RenderedSweep> {
  const pair = await openPair(base, post)
  const text = await recentTextModel(pair.post.checkpoint.textFolder)
  const plain = Array.isArray(prompts)
    ? prompts
    : {
        ...prompts,
        task: plainTask(prompts.task, format, rendering),
        ...(prompts.keep && { keep: plainTask(prompts.keep, format, rendering) })
      }
  const rendered = await renderSweep({ prompts: plain, rendering }, pair, text, format)
  refuseLongPrompts(rendered, pair.base)
  const { unavailable } = await rendered.compare({ member: pair.base, name: 'base' })
  if (unavailable !== null) throw unsupportedError(unavailable)
  return rendered
}

/** Returns a task with its prompts in the format, whose end also ends an answer. */
function plainTask(task: Task, format: FewShotPrompt, rendering: Rendering): Task {
  const stopTexts = [...task.settings.stopTexts, format.stop]
  return {
    ...task,
    prompts: fewShotPrompts(task.prompts, format, rendering),
    settings: { ...task.settings, stopTexts }
  }
}
