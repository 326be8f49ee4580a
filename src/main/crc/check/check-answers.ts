import type { CheckProgress, WholeAnswers } from '../../../contract/documents/answer-check'
import type { Precision } from '../../../contract/model/device'
import type { SweepRequest } from '../../../contract/procedures/engine'
import type { Model } from '../../../contract/model/model'
import type { Rival } from '../../../contract/model/rival'
import { WorkbenchError } from '../../../contract/model/problem'
import { defaultMemoryBytes } from '../../base/engine-memory'
import { progressRate } from '../../base/progress-rate'
import type { EngineClient } from '../../engine/host'
import type { TextModel } from '../../text/text-model'
import { whiteSpaceTokens } from '../task/characters'
import type { RenderedPrompts } from '../task/render-prompts'
import { type AnswerPath, answerPaths } from './answer-paths'
import { Answers, Questions } from './questions'
import { type AskedPath, askOfPath, askOfTrail, wholeAnswers } from './whole-answers'
import { at, got } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'
import { multimap } from '../../../contract/model/multimap'

/** This share of a prompt's answers may be left undecided: three decimals show nothing of it. */
const NEGLIGIBLE = 2.5e-4

export interface AnswersRequest {
  /** Model folders. */
  base: string
  post: string
  models: readonly Model[]
  /** Drawn from post, or from post and base, which are then among the models. */
  rivals: readonly Rival[]
  device: SweepRequest['device']
  precision: Precision
  rendered: RenderedPrompts
  /** Post's. */
  text: TextModel
  /** At least one. */
  endTokens: readonly number[]
}

/**
 * What the whole answers of some models are worth, exactly: the engine says how likely each next token is along the few
 * sequences of tokens that are valid answers, and whether the answer ends behind them, at temperature 1 with nothing cut off.
 *
 * @returns parallel to the models and behind them the rivals, and the seconds that the engine took
 * @throws WorkbenchError `cancelled` when `signal` fires; `engine-lost`; what the engine is at fault for
 */
export async function checkAnswers(
  engine: EngineClient,
  request: AnswersRequest,
  signal: AbortSignal,
  onProgress: (progress: CheckProgress) => void
): Promise<{ answers: WholeAnswers[]; seconds: number }> {
  const { rendered, models, rivals, text, endTokens } = request
  const ends = new Set(endTokens)
  const white = (await whiteSpaceTokens(text)).filter((token) => !ends.has(token))
  const asking = new Asking(engine, request, { signal, onProgress })
  const questions = new Questions()
  const asked = (await answerPaths(rendered, text)).map((path) =>
    askOfPath(questions, path, [...ends], white)
  )
  const ofModels = await asking.ask(questions)
  const more = new Questions()
  const trails = trailsToFollow(asked, ofModels).map((trail) => askOfTrail(more, trail, [...ends], white))
  const ofTrails = trails.length === 0 ? [] : await asking.ask(more)
  return {
    answers: [...models, ...rivals].map((_, model) =>
      wholeAnswers(
        rendered.prompts,
        { paths: asked, says: at(ofModels, model, 'model') },
        { trails, says: ofTrails[model] ?? new Answers() }
      )
    ),
    seconds: asking.seconds
  }
}

/**
 * Selects the white space behind characters that is followed up. Diversity is a function of shares of the validity, so white space
 * counts by its share of the prompt's answers: where hardly any answer is valid, rare white space matters too. In every model the
 * share that is left out is at most {@link NEGLIGIBLE}.
 */
export function trailsToFollow(
  asked: readonly AskedPath[],
  models: readonly Answers[]
): { path: AnswerPath; token: number }[] {
  const totals = models.map((says) => answersOfPrompts(asked, says))
  const byPrompt = multimap(
    asked.flatMap(({ path, trails }) =>
      trails.map(({ token, written }) => {
        const shares = models.map((says, model) => {
          const total = got(at(totals, model, 'model'), path.prompt, 'prompt')
          return total === 0 ? 0 : says.of(written) / total
        })
        return [path.prompt, { path, token, share: Math.max(...shares) }] as const
      })
    )
  )
  return [...byPrompt.values()].flatMap((trails) => {
    const rarestFirst = trails.sort((a, b) => a.share - b.share)
    let leftOut = 0
    const first = rarestFirst.findIndex(({ share }) => (leftOut += share) > NEGLIGIBLE)
    return first === -1 ? [] : rarestFirst.slice(first)
  })
}

/**
 * Sums by prompt the probability that a model writes a valid character and ends, or goes on with white space. With the share e of
 * white space that ends, the share that is left out is x e / (whole + white e), which is greatest for e = 1.
 */
function answersOfPrompts(asked: readonly AskedPath[], says: Answers): Map<number, number> {
  const byPrompt = multimap(
    asked.map(({ path, whole, white }) => [
      path.prompt,
      says.of(whole) + (white === null ? 0 : says.of(white))
    ])
  )
  return new Map(
    [...byPrompt].map(([prompt, probabilities]) => [
      prompt,
      probabilities.reduce((sum, each) => sum + each, 0)
    ])
  )
}

/** A check asks so often: what it asks second follows from what it hears first. */
const ASKS = 2

/** Asks the engine about continuations of the request's prompts. */
class Asking {
  seconds = 0
  private readonly begunMs = performance.now()
  private readonly rate = progressRate()
  private asked = 0
  /** Of what was asked before. */
  private rowsBefore = 0

  constructor(
    private readonly engine: EngineClient,
    private readonly request: AnswersRequest,
    private readonly run: { signal: AbortSignal; onProgress: (progress: CheckProgress) => void }
  ) {}

  /** @returns what each model says */
  async ask(questions: Questions): Promise<Answers[]> {
    const { base, post, models, rivals, device, precision, rendered } = this.request
    const { signal, onProgress } = this.run
    let rowsTotal = 0
    const asked = questions.asked()
    const said = [...models, ...rivals].map(() => new Answers())
    const events = await this.engine.sweep(
      {
        base,
        post,
        models: [...models],
        rivals: [...rivals],
        device,
        precision,
        prompts: asked.map(({ prompt, groups }) => ({
          tokens: at(rendered.prompts, prompt, 'prompt').tokens,
          groups
        })),
        memoryBytes: defaultMemoryBytes()
      },
      { signal }
    )
    for await (const event of events) {
      throwIfCancelled(signal, 'The check')
      if (event.type === 'plan') rowsTotal = event.rowsTotal
      if (event.type === 'progress') {
        onProgress(this.progress(event.rowsDone, rowsTotal))
      }
      if (event.type === 'probabilities') {
        for (const [place, index] of event.prompts.entries()) {
          const { prompt } = at(asked, index, 'prompt')
          at(said, event.model, 'model').learn(prompt, at(event.probabilities, place, 'prompt'))
        }
      }
      if (event.type === 'done') this.seconds += event.seconds
    }
    this.asked++
    this.rowsBefore += rowsTotal
    if (said.every(({ count }) => count === asked.length)) return said
    throw new WorkbenchError('engine-lost', 'The engine ended before every answer was checked.')
  }

  /**
   * Never goes back: how many rows the next asking has is not known before, so each is an equal share of the whole, and one
   * that is still to come is taken to be as long as this one.
   */
  private progress(rowsDone: number, rowsTotal: number): CheckProgress {
    const { asked, rowsBefore } = this
    const done = rowsBefore + rowsDone
    const left = rowsTotal - rowsDone + (ASKS - 1 - asked) * rowsTotal
    const elapsed = (performance.now() - this.begunMs) / 1000
    const { perSecond, secondsLeft } = this.rate(done, done + left, elapsed)
    const share = (asked + rowsDone / rowsTotal) / ASKS
    return { rowsDone: share * (done + left), rowsTotal: done + left, rowsPerSecond: perSecond, secondsLeft }
  }
}
