import type { CheckProgress, WholeAnswers } from '../../../contract/documents/answer-check'
import type { Precision } from '../../../contract/model/device'
import type { EngineModel, SweepRequest } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import { defaultMemoryBytes } from '../../base/default-memory'
import { progressRate } from '../../base/progress-rate'
import type { EngineClient } from '../../engine/host'
import type { TextModel } from '../../text/text-model'
import { whiteSpaceTokens } from '../task/characters'
import type { RenderedPrompts } from '../task/render-prompts'
import { type AnswerNode, type AnswerPath, answerPaths, nodeKey, nodesOf } from './answer-paths'
import { type FollowedTrail, type NextTokens, pathProbability, wholeAnswers } from './whole-answers'
import { at, got } from '../../base/look-up'
import { throwIfCancelled } from '../../base/cancelling'

/** Tokens of white space that are told apart; vocabularies have dozens, and models end with a line break or a space. */
const MAX_TRAILING = 32
/** Of each prompt's answers, so much is left undecided: three decimals show nothing of it. */
const NEGLIGIBLE = 2.5e-4

export interface AnswersRequest {
  /** Model folders. */
  base: string
  post: string
  models: readonly EngineModel[]
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
 * @returns parallel to the models, and the seconds that the engine took
 * @throws WorkbenchError `cancelled` when `signal` fires; `engine-lost`; what the engine is at fault for
 */
export async function checkAnswers(
  engine: EngineClient,
  request: AnswersRequest,
  signal: AbortSignal,
  onProgress: (progress: CheckProgress) => void
): Promise<{ answers: WholeAnswers[]; seconds: number }> {
  const { rendered, models, text, endTokens } = request
  const ends = new Set(endTokens)
  const white = whiteSpaceTokens(text).filter((token) => !ends.has(token))
  const paths = answerPaths(rendered, text)
  const table = new NextTokenTable(engine, request, white)
  const ofModels = models.map((_, model) => table.of(model))
  const trailing = white.slice(0, MAX_TRAILING)
  await table.ask(nodesOf(paths, trailing), signal, onProgress)
  const trails = trailsToFollow(paths, trailing, ofModels)
  if (trails.length > 0) await table.ask(trails.map(nodeOfTrail), signal, onProgress)
  return {
    answers: ofModels.map((next) => wholeAnswers(rendered.prompts, paths, trails, next)),
    seconds: table.seconds
  }
}

const nodeOfTrail = ({ path, token }: FollowedTrail): AnswerNode => ({
  prompt: path.prompt,
  written: [...path.tokens, token],
  next: []
})

/** White space behind a character, the likely kinds of it: what is left out of a prompt's comes to next to nothing in every model. */
function trailsToFollow(
  paths: readonly AnswerPath[],
  white: readonly number[],
  models: readonly NextTokens[]
): FollowedTrail[] {
  const byPrompt = new Map<number, { trail: FollowedTrail; probability: number }[]>()
  for (const path of paths) {
    if (!path.mayTrail) continue
    const written = models.map((next) => pathProbability(path, next))
    for (const token of white) {
      const probability = Math.max(
        ...models.map((next, model) => at(written, model, 'model') * next.of(path.prompt, path.tokens, token))
      )
      const found = { trail: { path, token }, probability }
      const others = byPrompt.get(path.prompt)
      if (others === undefined) byPrompt.set(path.prompt, [found])
      else others.push(found)
    }
  }
  return [...byPrompt.values()].flatMap((found) => {
    const rarest = found.sort((a, b) => a.probability - b.probability)
    let left = 0
    const from = rarest.findIndex(({ probability }) => (left += probability) > NEGLIGIBLE)
    return from === -1 ? [] : rarest.slice(from).map(({ trail }) => trail)
  })
}

/** What a model says of one place. */
interface NodeProbabilities {
  tokens: ReadonlyMap<number, number>
  end: number
  white: number
}

/** What the engine was asked of places in the tries of answers, and said for each model. */
class NextTokenTable {
  seconds = 0
  private readonly known: Map<string, NodeProbabilities>[]

  constructor(
    private readonly engine: EngineClient,
    private readonly request: AnswersRequest,
    private readonly white: readonly number[]
  ) {
    this.known = request.models.map(() => new Map())
  }

  of(model: number): NextTokens {
    const known = at(this.known, model, 'model')
    const said = (prompt: number, written: readonly number[]): NodeProbabilities =>
      got(known, nodeKey(prompt, written), 'place in the answers')
    return {
      of: (prompt, written, token) => got(said(prompt, written).tokens, token, 'token behind an answer'),
      end: (prompt, written) => said(prompt, written).end,
      trail: (prompt, written) => said(prompt, written).white
    }
  }

  async ask(
    nodes: readonly AnswerNode[],
    signal: AbortSignal,
    onProgress: (progress: CheckProgress) => void
  ): Promise<void> {
    const { base, post, models, device, precision, rendered, endTokens } = this.request
    const begun = performance.now()
    const rate = progressRate()
    let rowsTotal = 0
    let answered = 0
    const events = await this.engine.sweep(
      {
        base,
        post,
        models: [...models],
        device,
        precision,
        prompts: nodes.map(({ prompt, written, next }) => ({
          tokens: [...at(rendered.prompts, prompt, 'prompt').tokens, ...written],
          groups: [...next.map((token) => [token]), [...endTokens], [...this.white]]
        })),
        memoryBytes: defaultMemoryBytes()
      },
      { signal }
    )
    for await (const event of events) {
      throwIfCancelled(signal, 'The check')
      if (event.type === 'plan') rowsTotal = event.rowsTotal
      if (event.type === 'progress') {
        const elapsed = (performance.now() - begun) / 1000
        const { perSecond, secondsLeft } = rate(event.rowsDone, rowsTotal, elapsed)
        onProgress({ rowsDone: event.rowsDone, rowsTotal, rowsPerSecond: perSecond, secondsLeft })
      }
      if (event.type === 'probabilities') {
        for (const [place, index] of event.prompts.entries()) {
          this.learn(event.model, at(nodes, index, 'place'), at(event.probabilities, place, 'place'))
          answered += 1
        }
      }
      if (event.type === 'done') this.seconds += event.seconds
    }
    if (answered === nodes.length * models.length) return
    throw new WorkbenchError('engine-lost', 'The engine ended before every answer was checked.')
  }

  private learn(
    model: number,
    { prompt, written, next }: AnswerNode,
    probabilities: readonly number[]
  ): void {
    at(this.known, model, 'model').set(nodeKey(prompt, written), {
      tokens: new Map(next.map((token, place) => [token, at(probabilities, place, 'token')])),
      end: at(probabilities, next.length, 'group'),
      white: at(probabilities, next.length + 1, 'group')
    })
  }
}
