import type { FewShotScore, Rendering, SweepDocument } from '../../../contract/documents/crc'
import type { WorkCounts } from '../../../contract/documents/sweep-work'
import type { SweepPart } from '../../../contract/documents/sweep-part'
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
import { type CrcSweepRequest, refuseLongPrompts, type RenderedSweep, renderSweep, samplingOf } from './prepare-sweep'

/** Scores of base after a few-shot prompt, a text with examples in place of the chat template. */
type FewShotPart = NonNullable<SweepPart['fewShot']>

/** Adds the score of base after a few-shot prompt. If base cannot be scored, the sweep gets a notice. */
export async function withFewShotBase(
  engine: EngineClient,
  request: CrcSweepRequest,
  sweep: SweepDocument,
  signal: AbortSignal
): Promise<SweepDocument> {
  const { fewShot, notices } = await scoreFewShotBase(engine, request, sweep, [...sweep.prompts.keys()], signal)
  const noticed = { ...sweep, notices }
  return fewShot === undefined ? noticed : { ...noticed, fewShot: fewShotScore(sweep, fewShot) }
}

/** Adds the means to scores of base after a few-shot prompt on all prompts. */
export function fewShotScore(
  { prompts, base, scoredBy }: Pick<SweepDocument, 'prompts' | 'base' | 'scoredBy'>,
  fewShot: FewShotPart
): FewShotScore {
  return {
    ...averageScores(prompts, fewShot.prompts),
    ...forecastMeasures(prompts, fewShot.prompts, base?.prompts, scoredBy.kind === 'crc'),
    ...fewShot
  }
}

/** Scores base after a few-shot prompt on chosen prompts. @returns notices, with the reason if there is no score */
export async function scoreFewShotBase(
  engine: EngineClient,
  request: CrcSweepRequest,
  sweep: ScoredSweep,
  chosen: readonly number[],
  signal: AbortSignal
): Promise<Pick<SweepPart, 'fewShot' | 'notices'>> {
  const { notices } = sweep
  if (!request.ranges || request.wholeBase === false) return { notices }
  try {
    return { notices, fewShot: await scoredFewShot(engine, request, sweep, chosen, signal) }
  } catch (error) {
    throwIfCancelled(signal, 'The sweep')
    if (!(error instanceof WorkbenchError)) throw error
    return { notices: [...notices, `Base after a few-shot prompt has no score. ${error.message}`] }
  }
}

type ScoredSweep = Pick<SweepPart, 'prompts' | 'scoredBy' | 'whatIf' | 'device' | 'precision' | 'notices'>

async function scoredFewShot(
  engine: EngineClient,
  request: CrcSweepRequest,
  { prompts, scoredBy, whatIf, device, precision }: ScoredSweep,
  chosen: readonly number[],
  signal: AbortSignal
): Promise<FewShotPart> {
  const format =
    scoredBy.kind === 'task'
      ? fewShotOf(scoredBy.task, request.rendering)
      : (request.rendering.fewShot ?? FEW_SHOT_DEFAULTS.characters)
  const rendered = await renderForBase(request, format)
  if (rendered.prompts.some(({ valid }, prompt) => valid.join() !== elementAt(prompts, prompt, 'prompt').valid.join()))
    throw unsupportedError('Other answers can be written after it than in the chat template.')
  const scorer = scorerOf(scoredBy)
  const collector = new ScoreCollector(prompts)
  let work: WorkCounts | null = null
  const events = await engine.sweep(
    {
      base: request.base,
      post: request.post,
      device,
      precision,
      whatIf,
      models: [{ kind: 'base' }],
      prompts: chosen.map((prompt) => ({
        tokens: elementAt(rendered.prompts, prompt, 'prompt').tokens,
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
      const score = promptWithStoredDigits(scorer.score(groups, stored))
      collector.set(elementAt(chosen, prompt, 'prompt'), score)
    }
  }
  if (work === null) throw new WorkbenchError('engine-lost', 'The engine ended before every score had arrived.')
  return { prompts: chosen.map((prompt) => collector.of(prompt)), format, work }
}

/**
 * Renders the prompts of a sweep for base.
 *
 * @throws WorkbenchError if base's tokenizer gives other tokens than post's
 */
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
        keep: prompts.keep === undefined ? undefined : plainTask(prompts.keep, format, rendering)
      }
  const rendered = await renderSweep({ prompts: plain, rendering }, pair, text, format)
  refuseLongPrompts(rendered, pair.base)
  const { unavailable } = await rendered.compare({ member: pair.base, name: 'base' })
  if (unavailable !== null) throw unsupportedError(unavailable)
  return rendered
}

/** Returns a task with its prompts in the few-shot format. The format's stop text also ends an answer. */
function plainTask(task: Task, format: FewShotPrompt, rendering: Rendering): Task {
  const stopTexts = [...task.settings.stopTexts, format.stop]
  return {
    ...task,
    prompts: fewShotPrompts(task.prompts, format, rendering),
    settings: { ...task.settings, stopTexts }
  }
}
