import type { ReadAnswer } from '../../contract/procedures/engine'
import { type EvaluationRun, firstFrame, frameKey, type PromptScores } from '../../contract/documents/evaluation'
import type { SampleLine } from '../../contract/documents/samples'
import { textToFloats } from '../base/float-text'
import { AnswerReader } from '../answers/read-answer'
import { elementAt } from '../../contract/model/look-up'
import { passesTask } from '../measures/passing'
import { meanCosineDistance, vendiScore } from '../measures/texts/embedding-measures'
import { planeMap } from '../measures/texts/principal-components'

/** Answers with the same tokens and text, and the values that the engine computes for them; null until they arrive. */
interface ScoredAnswer {
  readonly text: string
  /** Log-likelihood of all tokens of the answer under post, in nats. */
  postLogLikelihood: number | null
  baseLogLikelihood: number | null
  embedding: Float32Array | null
}

/** One answer of a variant, and the values that it shares with equal ones. */
interface GivenAnswer {
  readonly sample: SampleLine
  readonly scored: ScoredAnswer
}

/** Answers whose variants put the same text (frame) around the prompt, so that one request to the engine reads them. */
interface FrameAnswers {
  /** Token ids of the prompt, and of each answer. */
  readonly prompt: number[]
  readonly answers: number[][]
  /** The same answers, in the same order. Equal answers are one. */
  readonly scored: readonly ScoredAnswer[]
}

/**
 * Collects likelihoods and embeddings of the answers to one prompt, and computes the prompt's scores. Post reads the
 * answers last: its last answer completes the prompt.
 */
export class PromptScorer {
  /** One part for each frame of the run. */
  readonly parts: readonly FrameAnswers[]
  private readonly answers: GivenAnswer[] = []
  /** Number of answers that post has not read. */
  private missing: number
  /** Positions of the answers that begin a class, by variant name. */
  private classBegins: ReadonlyMap<string, readonly number[]> = new Map()
  /** Probability that an answer begins like a refusal, by variant name. */
  private readonly openings = new Map<string, number>()
  private readonly reader: AnswerReader

  /** @param samples answers of all variants to this prompt; answers without tokens are ignored */
  constructor(
    private readonly run: EvaluationRun,
    readonly prompt: number,
    samples: readonly SampleLine[]
  ) {
    this.reader = new AnswerReader(run.task)
    const frameOf = new Map(run.variants.map((entry) => [entry.variant.name, frameKey(firstFrame(entry))]))
    this.parts = run.promptSets.map((set) => {
      const { prompts } = set
      const frame = frameKey(set)
      const distinct = new Map<string, { tokens: number[]; scored: ScoredAnswer }>()
      for (const sample of samples) {
        const { variant, tokens, text } = sample
        if (tokens.length === 0 || frameOf.get(variant) !== frame) continue
        const key = JSON.stringify([tokens, text])
        const unread = { text, postLogLikelihood: null, baseLogLikelihood: null, embedding: null }
        const answer = distinct.get(key) ?? { tokens, scored: unread }
        distinct.set(key, answer)
        this.answers.push({ sample, scored: answer.scored })
      }
      return {
        prompt: prompts[prompt]?.tokens ?? [],
        answers: Array.from(distinct.values(), ({ tokens }) => tokens),
        scored: Array.from(distinct.values(), ({ scored }) => scored)
      }
    })
    this.missing = this.parts.reduce((sum, { scored }) => sum + scored.length, 0)
  }

  /** Number of rows of hidden states that the engine needs to read the answers: one for each token. */
  get rowCount(): number {
    return this.parts.reduce((sum, { prompt, answers }) => sum + prompt.length + answers.flat().length, 0)
  }

  /** True when post has read every answer. */
  get isComplete(): boolean {
    return this.missing === 0
  }

  addBase(part: FrameAnswers, { answer, logLikelihood }: ReadAnswer): void {
    const target = part.scored[answer]
    if (target !== undefined) target.baseLogLikelihood = logLikelihood
  }

  /** Adds the embedding that replaces post's; call it before post has read the answer. */
  addEmbedding(part: FrameAnswers, answer: number, embedding: Float32Array): void {
    const target = part.scored[answer]
    if (target !== undefined) target.embedding = embedding
  }

  /** Adds the positions of the answers that begin a class, by variant; call it before post has read the answers. */
  addClasses(begins: ReadonlyMap<string, readonly number[]>): void {
    this.classBegins = begins
  }

  /** Adds the probability that a variant's answer begins with a refusal; call it before post has read the answers. */
  addOpening(variant: string, probability: number): void {
    this.openings.set(variant, probability)
  }

  addPost(part: FrameAnswers, { answer, logLikelihood, embedding }: ReadAnswer): void {
    const target = part.scored[answer]
    if (target === undefined) return
    if (target.postLogLikelihood === null) this.missing--
    target.postLogLikelihood = logLikelihood
    if (embedding !== null) target.embedding = textToFloats(embedding)
  }

  /** Computes the Vendi score of the right answers, or of those in the right form; null if the task defines neither. */
  private vendiPassing(answers: readonly GivenAnswer[]): number | null {
    const { task } = this.run
    const prompt = elementAt(task.prompts, this.prompt, 'prompt')
    const judged = answers.map(({ sample, scored: { embedding } }) => ({
      embedding,
      passes: passesTask(task, this.reader, prompt, sample.text)
    }))
    if (judged.length === 0 || judged.some(({ passes }) => passes === null)) return null
    const passing = judged.flatMap(({ passes, embedding }) =>
      passes === true && embedding !== null ? [embedding] : []
    )
    return passing.length === 0 ? 0 : vendiScore(passing)
  }

  /** Computes the scores of all variants, and a map of all answers in the plane. */
  scores(): PromptScores {
    const { answers } = this
    const embedded = answers.flatMap(({ sample, scored: { embedding } }) =>
      embedding === null ? [] : [{ sample, embedding }]
    )
    const { points, explained } = planeMap(embedded.map(({ embedding }) => embedding))
    return {
      prompt: this.prompt,
      cells: this.run.variants.map(({ variant: { name } }) => {
        const variantAnswers = answers.filter(({ sample }) => sample.variant === name)
        const embeddings = variantAnswers.flatMap(({ scored: { embedding } }) =>
          embedding === null ? [] : [embedding]
        )
        const begins = this.classBegins.get(name)
        const refusalOpening = this.openings.get(name)
        const vendiPassing = this.vendiPassing(variantAnswers)
        return {
          variant: name,
          logLikelihoodPost: perToken(variantAnswers, ({ postLogLikelihood }) => postLogLikelihood),
          logLikelihoodBase: perToken(variantAnswers, ({ baseLogLikelihood }) => baseLogLikelihood),
          cosineDistance: meanCosineDistance(embeddings),
          vendiScore: vendiScore(embeddings),
          ...(vendiPassing === null ? {} : { vendiPassing }),
          ...(begins === undefined ? {} : { classBegins: [...begins] }),
          ...(refusalOpening === undefined ? {} : { refusalOpening })
        }
      }),
      map: embedded.map(({ sample: { variant, index } }, i) => ({
        variant,
        index,
        x: points[i]?.x ?? 0,
        y: points[i]?.y ?? 0
      })),
      explained
    }
  }
}

/** Returns the mean log-likelihood per token over the answers that have a likelihood; null if none has. */
function perToken(answers: readonly GivenAnswer[], likelihood: (answer: ScoredAnswer) => number | null): number | null {
  let sum = 0
  let tokens = 0
  for (const { sample, scored } of answers) {
    const value = likelihood(scored)
    if (value === null) continue
    sum += value
    tokens += sample.tokens.length
  }
  return tokens === 0 ? null : sum / tokens
}
