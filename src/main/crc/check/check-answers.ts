import type { CheckProgress, FullAnswerScores } from '../../../contract/documents/answer-check'
import type { Precision } from '../../../contract/model/device'
import type { SweepRequest } from '../../../contract/procedures/engine'
import type { Model } from '../../../contract/model/model'
import type { SamplingBaseline } from '../../../contract/model/sampling-baseline'
import { WorkbenchError } from '../../../contract/model/problem'
import { defaultMemoryBytes } from '../../base/engine-memory'
import { progressRate } from '../../base/progress-rate'
import type { EngineClient } from '../../engine/host'
import type { TextModel } from '../../text/text-model'
import { whiteSpaceTokens } from '../task/characters'
import type { RenderedPrompts } from '../task/render-prompts'
import { type AnswerPath, answerPaths } from './answer-paths'
import { SequenceProbabilities, SequenceQuestions } from './questions'
import { type PathQuestions, addPathQuestions, addTrailQuestions, scoreFullAnswers } from './full-answers'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'
import { multimap } from '../../../contract/model/multimap'

/** Share of a prompt's answers that may be left undecided. It does not show in three decimals. */
const NEGLIGIBLE = 2.5e-4

export interface FullAnswersRequest {
  base: string
  post: string
  models: readonly Model[]
  /** Baselines computed from the logits of post, or of post and base. Those are then among the models. */
  baselines: readonly SamplingBaseline[]
  device: SweepRequest['device']
  precision: Precision
  rendered: RenderedPrompts
  text: TextModel
  /** At least one token. */
  endTokens: readonly number[]
}

/** Scores full answers exactly, at temperature 1 without cut-offs. @returns scores in request order, and seconds */
export async function checkAnswers(
  engine: EngineClient,
  request: FullAnswersRequest,
  signal: AbortSignal,
  onProgress: (progress: CheckProgress) => void
): Promise<{ answers: FullAnswerScores[]; seconds: number }> {
  const { rendered, models, baselines, text, endTokens } = request
  const ends = new Set(endTokens)
  const white = (await whiteSpaceTokens(text)).filter((token) => !ends.has(token))
  const asking = new Asking(engine, request, { signal, onProgress })
  const questions = new SequenceQuestions()
  const paths = (await answerPaths(rendered, text)).map((path) => addPathQuestions(questions, path, [...ends], white))
  const pathAnswers = await asking.ask(questions)
  const trailQuestions = new SequenceQuestions()
  const trails = trailsToFollow(paths, pathAnswers).map((trail) =>
    addTrailQuestions(trailQuestions, trail, [...ends], white)
  )
  const trailAnswers = trails.length === 0 ? [] : await asking.ask(trailQuestions)
  return {
    answers: [...models, ...baselines].map((_, model) =>
      scoreFullAnswers(
        rendered.prompts,
        { paths, probabilities: elementAt(pathAnswers, model, 'model') },
        { trails, probabilities: trailAnswers[model] ?? new SequenceProbabilities() }
      )
    ),
    seconds: asking.seconds
  }
}

/** Selects the white-space tokens to follow. The share left out is at most {@link NEGLIGIBLE} of valid answers. */
export function trailsToFollow(
  paths: readonly PathQuestions[],
  models: readonly SequenceProbabilities[]
): { path: AnswerPath; token: number }[] {
  const totals = models.map((probabilities) => answersOfPrompts(paths, probabilities))
  const byPrompt = multimap(
    paths.flatMap(({ path, trails }) =>
      trails.map(({ token, written }) => {
        const shares = models.map((probabilities, model) => {
          const total = mapGet(elementAt(totals, model, 'model'), path.prompt, 'prompt')
          return total === 0 ? 0 : probabilities.of(written) / total
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
 * Sums by prompt valid characters that end or continue with white space. The share left out is at most x e / (ended +
 * white e) at e = 1, for white space of probability x left out.
 */
function answersOfPrompts(paths: readonly PathQuestions[], probabilities: SequenceProbabilities): Map<number, number> {
  const byPrompt = multimap(
    paths.map(({ path, ended, white }) => [
      path.prompt,
      probabilities.of(ended) + (white === null ? 0 : probabilities.of(white))
    ])
  )
  return new Map([...byPrompt].map(([prompt, values]) => [prompt, values.reduce((sum, value) => sum + value, 0)]))
}

/** Rounds of questions per check. The second round depends on the answers of the first. */
const ROUNDS = 2

/** Asks the engine for probabilities of continuations of the request's prompts. */
class Asking {
  seconds = 0
  private readonly begunMs = performance.now()
  private readonly rate = progressRate()
  private roundsDone = 0
  /** Rows of all rounds that are done. */
  private rowsBefore = 0

  constructor(
    private readonly engine: EngineClient,
    private readonly request: FullAnswersRequest,
    private readonly run: { signal: AbortSignal; onProgress: (progress: CheckProgress) => void }
  ) {}

  /** @returns the probabilities of each model, then of each baseline */
  async ask(questions: SequenceQuestions): Promise<SequenceProbabilities[]> {
    const { base, post, models, baselines, device, precision, rendered } = this.request
    const { signal, onProgress } = this.run
    let rowsTotal = 0
    const questionsByPrompt = questions.byPrompt()
    const answers = [...models, ...baselines].map(() => new SequenceProbabilities())
    const events = await this.engine.sweep(
      {
        base,
        post,
        models: [...models],
        baselines: [...baselines],
        device,
        precision,
        prompts: questionsByPrompt.map(({ prompt, groups }) => ({
          tokens: elementAt(rendered.prompts, prompt, 'prompt').tokens,
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
        for (const [row, index] of event.prompts.entries()) {
          const { prompt } = elementAt(questionsByPrompt, index, 'prompt')
          elementAt(answers, event.model, 'model').set(prompt, elementAt(event.probabilities, row, 'prompt'))
        }
      }
      if (event.type === 'done') this.seconds += event.seconds
    }
    this.roundsDone++
    this.rowsBefore += rowsTotal
    if (answers.every(({ count }) => count === questionsByPrompt.length)) return answers
    throw new WorkbenchError('engine-lost', 'The engine ended before every answer was checked.')
  }

  /** Computes progress that never decreases. Every round counts as an equal share of the check. */
  private progress(rowsDone: number, rowsTotal: number): CheckProgress {
    const { roundsDone, rowsBefore } = this
    const done = rowsBefore + rowsDone
    const remaining = rowsTotal - rowsDone + (ROUNDS - 1 - roundsDone) * rowsTotal
    const elapsed = (performance.now() - this.begunMs) / 1000
    const total = done + remaining
    const { perSecond, secondsLeft } = this.rate(done, total, elapsed)
    const share = (roundsDone + rowsDone / rowsTotal) / ROUNDS
    return { rowsDone: share * total, rowsTotal: total, rowsPerSecond: perSecond, secondsLeft }
  }
}
