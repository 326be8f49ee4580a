import type { CheckProgress, FullAnswerScores } from '../../../contract/documents/answer-check'
import type { Precision } from '../../../contract/model/device'
import type { SweepRequest } from '../../../contract/procedures/engine'
import type { Model } from '../../../contract/model/model'
import { needsBase, type SamplingBaseline } from '../../../contract/model/sampling-baseline'
import { WorkbenchError } from '../../../contract/model/problem'
import { defaultMemoryBytes } from '../../base/engine-memory'
import { progressRate } from '../../base/progress-rate'
import { sum } from '../../base/sums'
import type { EngineClient } from '../../engine/host'
import type { TextModel } from '../../text/text-model'
import { whiteSpaceTokens } from '../task/characters'
import type { RenderedPrompts } from '../task/render-prompts'
import { type AnswerPath, answerPaths } from './answer-paths'
import { type Question, SequenceProbabilities, SequenceQuestions } from './questions'
import { type PathQuestions, addPathQuestions, addTrailQuestions, scoreFullAnswers } from './full-answers'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'
import { multimap } from '../../../contract/model/multimap'

/** Share of a prompt's valid answers that may stay undecided. It is too small to change three decimals. */
const NEGLIGIBLE = 2.5e-4

/** Models whose full answers are scored, and the prompts. */
export interface FullAnswersRequest {
  base: string
  post: string
  models: readonly Model[]
  /** Baselines, which are computed from the logits of post, or of post and base. */
  baselines: readonly SamplingBaseline[]
  device: SweepRequest['device']
  precision: Precision
  rendered: RenderedPrompts
  text: TextModel
  /** Tokens that end an answer, at least one. */
  endTokens: readonly number[]
}

/** Models and baselines of one round of questions. */
type RoundModels = Pick<FullAnswersRequest, 'models' | 'baselines'>

/**
 * Scores full answers exactly, at temperature 1 without cut-offs. A first round asks the engine for the probability of
 * each valid character, and of an end or white space behind it. Further rounds follow the likely tokens of white space.
 * @returns scores of the models, then of the baselines, and the engine's seconds
 */
export async function checkAnswers(
  engine: EngineClient,
  request: FullAnswersRequest,
  signal: AbortSignal,
  onProgress: (progress: CheckProgress) => void
): Promise<{ answers: FullAnswerScores[]; seconds: number }> {
  const { rendered, models, baselines, text, endTokens } = request
  const ends = [...new Set(endTokens)]
  const white = (await whiteSpaceTokens(text)).filter((token) => !ends.includes(token))
  const rounds = new QuestionRounds(engine, request, { signal, onProgress })
  const prompts = rendered.prompts.map(({ tokens }) => tokens)
  const questions = new SequenceQuestions()
  const paths = (await answerPaths(rendered, text)).map((path) => addPathQuestions(questions, path, ends, white))
  const base: Model[] = baselines.some(needsBase) ? [{ kind: 'base' }] : []
  const first = await rounds.ask(questions, prompts, { models: [...models, ...base], baselines })

  /**
   * Asks for the tokens after a character and white space, and scores full answers.
   * @param written answers to the first round, one for each model or baseline to score.
   * @param inputs models that baselines are computed from, and that are not scored themselves
   */
  const score = async (
    written: readonly SequenceProbabilities[],
    { models, baselines }: RoundModels,
    inputs: readonly Model[]
  ): Promise<FullAnswerScores[]> => {
    const followed = trailsToFollow(paths, written)
    const trailQuestions = new SequenceQuestions()
    const trails = followed.map((trail, index) => addTrailQuestions(trailQuestions, index, trail, ends, white))
    // The first round has the probabilities of the tokens up to here, so only the tokens that follow are asked.
    const contexts = followed.map(({ path, token }) => [
      ...elementAt(prompts, path.prompt, 'prompt'),
      ...path.tokens,
      token
    ])
    const round = { models: [...inputs, ...models], baselines }
    const next = trails.length === 0 ? null : await rounds.ask(trailQuestions, contexts, round)
    return written.map((probabilities, index) => {
      const after = next === null ? new SequenceProbabilities() : elementAt(next, inputs.length + index, 'model')
      const trailing = { trails, probabilities: after }
      return scoreFullAnswers(rendered.prompts, { paths, probabilities }, trailing)
    })
  }
  // Samplers write much more white space than models, so that following both together would cost far more.
  const writtenByBaselines = first.slice(models.length + base.length)
  const baselineScores = await score(writtenByBaselines, { models: [], baselines }, [{ kind: 'post' }, ...base])
  const modelScores = await score(first.slice(0, models.length), { models, baselines: [] }, [])
  return { answers: [...modelScores, ...baselineScores], seconds: rounds.seconds }
}

/** A valid character and one token of white space behind it. */
interface Trail {
  path: AnswerPath
  token: number
  /** Question for the probability of both. */
  written: Question
}

/** Selects the trails to follow. The others have at most the share {@link NEGLIGIBLE} of any model's valid answers. */
export function trailsToFollow(paths: readonly PathQuestions[], models: readonly SequenceProbabilities[]): Trail[] {
  const totals = models.map((probabilities) => answersOfPrompts(paths, probabilities))
  const byPrompt = multimap(
    paths.flatMap(({ path, trails }) =>
      trails.map(({ token, written }) => {
        const shares = models.map((probabilities, model) => {
          const total = mapGet(elementAt(totals, model, 'model'), path.prompt, 'prompt')
          return total === 0 ? 0 : probabilities.of(written) / total
        })
        return [path.prompt, { path, token, written, share: Math.max(...shares) }] as const
      })
    )
  )
  return [...byPrompt.values()].flatMap((trails) => {
    let leftOut = 0
    return trails
      .sort((a, b) => a.share - b.share)
      .filter(({ share }) => {
        leftOut += share
        return leftOut > NEGLIGIBLE
      })
  })
}

/**
 * Returns for each prompt the total probability that a valid character is followed by an end or by white space. Leaving
 * out white space of probability x changes the valid answers by a share of at most x / total.
 */
function answersOfPrompts(paths: readonly PathQuestions[], probabilities: SequenceProbabilities): Map<number, number> {
  const byPrompt = multimap(
    paths.map(({ path, ended, white }) => [
      path.prompt,
      probabilities.of(ended) + (white === null ? 0 : probabilities.of(white))
    ])
  )
  return new Map([...byPrompt].map(([prompt, values]) => [prompt, sum(values)]))
}

/** Typical shares of the rounds in a check's time: characters of all models, trails of baselines, trails of models. */
const ROUND_SHARES = [0.6, 0.35, 0.05]
/** The same for a check without baselines. */
const MODEL_ROUND_SHARES = [0.9, 0.1]

/** Sends rounds of questions to the engine, and reports their progress as one. */
class QuestionRounds {
  seconds = 0
  private readonly startMs = performance.now()
  private readonly rate = progressRate()
  private roundsDone = 0
  /** Rows of all rounds that are done. */
  private rowsBefore = 0

  constructor(
    private readonly engine: EngineClient,
    private readonly request: FullAnswersRequest,
    private readonly run: { signal: AbortSignal; onProgress: (progress: CheckProgress) => void }
  ) {}

  /**
   * Asks for the probabilities of all questions.
   * @param contexts tokens of each context of the questions
   * @returns the probabilities of each model, then of each baseline
   */
  async ask(
    questions: SequenceQuestions,
    contexts: readonly (readonly number[])[],
    { models, baselines }: RoundModels
  ): Promise<SequenceProbabilities[]> {
    const { base, post, device, precision } = this.request
    const { signal, onProgress } = this.run
    let rowsTotal = 0
    const contextGroups = questions.byContext()
    const answers = [...models, ...baselines].map(() => new SequenceProbabilities())
    const events = await this.engine.sweep(
      {
        base,
        post,
        models: [...models],
        baselines: [...baselines],
        device,
        precision,
        prompts: contextGroups.map(({ context, groups }) => ({
          tokens: [...elementAt(contexts, context, 'context')],
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
          const { context } = elementAt(contextGroups, index, 'context')
          elementAt(answers, event.model, 'model').set(context, elementAt(event.probabilities, row, 'context'))
        }
      }
      if (event.type === 'done') this.seconds += event.seconds
    }
    this.roundsDone++
    this.rowsBefore += rowsTotal
    if (answers.every(({ count }) => count === contextGroups.length)) return answers
    throw new WorkbenchError('engine-lost', 'The engine ended before every answer was checked.')
  }

  /** Computes progress that never decreases. */
  private progress(rowsDone: number, rowsTotal: number): CheckProgress {
    const shares = this.request.baselines.length === 0 ? MODEL_ROUND_SHARES : ROUND_SHARES
    const share = elementAt(shares, this.roundsDone, 'round')
    const before = sum(shares.slice(0, this.roundsDone))
    const done = this.rowsBefore + rowsDone
    const total = this.rowsBefore + (rowsTotal * (1 - before)) / share
    const elapsed = (performance.now() - this.startMs) / 1000
    const { perSecond, secondsLeft } = this.rate(done, total, elapsed)
    const doneShare = before + (share * rowsDone) / rowsTotal
    return { rowsDone: doneShare * total, rowsTotal: total, rowsPerSecond: perSecond, secondsLeft }
  }
}
