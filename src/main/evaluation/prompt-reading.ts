import type { EngineReadEvent } from '../../contract/procedures/engine'
import { type EvaluationRun, frameKey, type PromptScores } from '../../contract/documents/evaluation'
import type { SampleLine } from '../../contract/documents/samples'
import { textToFloats } from '../base/float-text'
import { meanCosineDistance, vendiScore } from '../measures/texts/embedding-measures'
import { planeMap } from '../measures/texts/principal-components'

/** An answer with what was read of it. */
interface ReadAnswer {
  readonly sample: SampleLine
  postLogLikelihood: number | null
  baseLogLikelihood: number | null
  embedding: Float32Array | null
}

/** The answers that were given after the same tokens, as the engine is asked to read them. */
export interface ReadingPart {
  readonly prompt: number[]
  readonly answers: number[][]
  readonly read: readonly ReadAnswer[]
}

/** Gathers what the engine reads of one prompt's answers, and turns it into scores. */
export class PromptReading {
  readonly parts: readonly ReadingPart[]
  private missing: number
  /** By the names of the variants. */
  private classCounts: ReadonlyMap<string, number> = new Map()

  /** @param samples answers of all variants to this prompt; those without any token are left out */
  constructor(
    private readonly run: EvaluationRun,
    readonly prompt: number,
    samples: readonly SampleLine[]
  ) {
    const frameOf = new Map(run.variants.map((entry) => [entry.variant.name, frameKey(entry)]))
    this.parts = run.promptSets.map((set) => {
      const { prompts } = set
      const frame = frameKey(set)
      const read = samples
        .filter(({ variant, tokens }) => tokens.length > 0 && frameOf.get(variant) === frame)
        .map((sample): ReadAnswer => ({
          sample,
          postLogLikelihood: null,
          baseLogLikelihood: null,
          embedding: null
        }))
      return {
        prompt: prompts[prompt]?.tokens ?? [],
        answers: read.map(({ sample }) => sample.tokens),
        read
      }
    })
    this.missing = this.parts.reduce((sum, { read }) => sum + read.length, 0)
  }

  /** Most rows of hidden states that reading them takes. */
  get rowCount(): number {
    return this.parts.reduce(
      (sum, { prompt, answers }) =>
        sum + prompt.length + answers.reduce((rows, { length }) => rows + length, 0),
      0
    )
  }

  /** Whether post has read every answer. */
  get isComplete(): boolean {
    return this.missing === 0
  }

  addBase(part: ReadingPart, { answer, logLikelihood }: EngineReadEvent): void {
    const read = part.read[answer]
    if (read !== undefined) read.baseLogLikelihood = logLikelihood
  }

  /** A sentence-embedding model's, in place of post's; to be added before post has read the answer. */
  addEmbedding(part: ReadingPart, answer: number, embedding: Float32Array): void {
    const read = part.read[answer]
    if (read !== undefined) read.embedding = embedding
  }

  /** Into how many classes each variant's first answers fall; to be added before post has read them. */
  addClasses(counts: ReadonlyMap<string, number>): void {
    this.classCounts = counts
  }

  addPost(part: ReadingPart, { answer, logLikelihood, embedding }: EngineReadEvent): void {
    const read = part.read[answer]
    if (read === undefined) return
    if (read.postLogLikelihood === null) this.missing--
    read.postLogLikelihood = logLikelihood
    read.embedding ??= textToFloats(embedding)
  }

  scores(): PromptScores {
    const answers = this.parts.flatMap(({ read }) => read)
    const embedded = answers.flatMap(({ sample, embedding }) =>
      embedding === null ? [] : [{ sample, embedding }]
    )
    const { points, explained } = planeMap(embedded.map(({ embedding }) => embedding))
    return {
      prompt: this.prompt,
      cells: this.run.variants.map(({ variant: { name } }) => {
        const own = answers.filter(({ sample }) => sample.variant === name)
        const embeddings = own.flatMap(({ embedding }) => (embedding === null ? [] : [embedding]))
        const classCount = this.classCounts.get(name)
        return {
          variant: name,
          logLikelihoodPost: perToken(own, ({ postLogLikelihood }) => postLogLikelihood),
          logLikelihoodBase: perToken(own, ({ baseLogLikelihood }) => baseLogLikelihood),
          cosineDistance: meanCosineDistance(embeddings),
          vendiScore: vendiScore(embeddings),
          ...(classCount === undefined ? {} : { classCount })
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

/** Total log-likelihood over total tokens, of the answers that have one. */
function perToken(
  answers: readonly ReadAnswer[],
  likelihood: (answer: ReadAnswer) => number | null
): number | null {
  let sum = 0
  let tokens = 0
  for (const answer of answers) {
    const value = likelihood(answer)
    if (value === null) continue
    sum += value
    tokens += answer.sample.tokens.length
  }
  return tokens === 0 ? null : sum / tokens
}
