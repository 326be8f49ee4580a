import type { CheckpointReference } from '../../contract/model/checkpoint'
import type { EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import type { ReadPrompt } from '../../contract/procedures/engine'
import { mismatchError } from '../../contract/model/problem'
import { type Computation, isCounted, type SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { textToFloats } from '../base/float-text'
import type { EngineClient } from '../engine/host'
import type { SampledPair } from '../samples/generation'
import { fixedSubset } from '../measures/texts/fixed-subset'
import { COMPARED_ANSWERS } from '../measures/sample-measures'
import { cancellable, throwIfCancelled } from '../base/files/cancelling'
import { cellOf, cellsOf } from './ask-judge'
import { type EmbeddingModel, openEmbeddingModel } from './embedding-model'
import { CLASSIFIED_ANSWERS } from '../measures/evaluation-cell'
import { openPairClassifier, type PairClassifier } from './pair-classifier'
import { PromptScorer } from './prompt-scorer'
import { addOpenings } from './refusal-openings'
import { type EvaluationListener, type GenerationContext, generateAnswers, readingBytes } from './generate-answers'

/** A run with the results that are already stored; none for a new run. */
interface UnfinishedEvaluation {
  run: EvaluationRun
  pair: SampledPair
  stored: { samples: readonly SampleLine[]; scores: readonly PromptScores[] }
}

/**
 * Generates the missing answers of a run, and lets post and base read the answers to every prompt without
 * scores. An interrupted run gives the same results as an uninterrupted one.
 *
 * @returns wall time in seconds
 * @throws WorkbenchError as `refuseUnreadable`; `cancelled` when `signal` fires; `mismatch` when a checkpoint
 * has changed; errors of the engine. Finished results are already stored.
 */
export async function runEvaluation(
  engine: EngineClient,
  { run, pair, stored }: UnfinishedEvaluation,
  listener: EvaluationListener,
  signal: AbortSignal
): Promise<number> {
  const startedMs = performance.now()
  const context = { engine, run, pair, samples: [...stored.samples], listener, signal }
  const work: EvaluationContext = { ...context, computation: await generateAnswers(context) }
  const scored = new Set(stored.scores.map(({ prompt }) => prompt))
  await cancellable(signal, 'The evaluation', () => score(work, scored))
  return (performance.now() - startedMs) / 1000
}

interface EvaluationContext extends GenerationContext {
  /** How the engine generated; null if only external models answered. */
  readonly computation: Computation | null
}

/** Computes the missing scores. @param scored indices of the prompts with scores; new ones are added */
async function score(work: EvaluationContext, scored: Set<number>): Promise<void> {
  const { engine, run, pair, samples, listener, signal } = work
  const promptsTotal = run.task.prompts.length
  const report = (): void => {
    listener.progress({
      phase: 'scoring',
      samplesDone: samples.length,
      samplesTotal: samples.length,
      tokensPerSecond: null,
      secondsLeft: null,
      promptsScored: scored.size,
      promptsTotal
    })
  }
  report()
  const pending = run.task.prompts.flatMap((_, prompt) => (scored.has(prompt) ? [] : [prompt]))
  if (pending.length === 0) return
  const stateBytes = readingBytes()
  const finish = async (scorer: PromptScorer): Promise<void> => {
    await listener.keepScores(scorer.scores())
    scored.add(scorer.prompt)
    report()
  }
  const embeddingModel = await reopen(run.embeddingModel, 'embedding model', openEmbeddingModel)
  const classifier = await reopen(run.classifier, 'classifier', openPairClassifier)
  const scoreBatch = async (scorers: readonly PromptScorer[]): Promise<void> => {
    if (classifier !== null) await classifyAnswers(work, classifier, scorers)
    if (run.task.kind === 'refusals') await addOpenings(work, scorers)
    // Before post reads the answers, which completes a prompt.
    if (embeddingModel !== null) await embedAnswers(engine, embeddingModel, scorers, signal)
    await readAnswers(work, scorers, stateBytes, finish)
  }
  let scorers: PromptScorer[] = []
  let rowCount = 0
  const maximumRows = stateBytes / (pair.post.spec.rowSize * Float32Array.BYTES_PER_ELEMENT)
  for (const prompt of pending) {
    const scorer = new PromptScorer(run, prompt, comparedAnswers(run, prompt, samples))
    if (scorers.length > 0 && rowCount + scorer.rowCount > maximumRows) {
      await scoreBatch(scorers)
      scorers = []
      rowCount = 0
    }
    scorers.push(scorer)
    rowCount += scorer.rowCount
  }
  if (scorers.length > 0) await scoreBatch(scorers)
}

/** Opens a model of the run again; null for none. @throws WorkbenchError as `open`; `mismatch` for a changed model */
async function reopen<Model extends { reference: CheckpointReference }>(
  stored: CheckpointReference | null,
  noun: string,
  open: (path: string) => Promise<Model>
): Promise<Model | null> {
  if (stored === null) return null
  const { path, fingerprint } = stored
  const model = await open(path)
  if (model.reference.fingerprint === fingerprint) return model
  throw mismatchError(
    `The ${noun} ${path} is not the one that this evaluation was begun with.`,
    `Put that ${noun} back, or start a new evaluation.`
  )
}

/** Sorts the first answers of each variant to each prompt into classes of answers that say the same. */
async function classifyAnswers(
  { engine, run, samples, signal }: EvaluationContext,
  classifier: PairClassifier,
  scorers: readonly PromptScorer[]
): Promise<void> {
  const byCell = cellsOf(samples)
  const cells = scorers.flatMap(({ prompt }) =>
    run.variants.map(({ variant: { name } }) => {
      const lines = byCell.get(cellOf(name, prompt)) ?? []
      return { prompt, name, texts: lines.slice(0, CLASSIFIED_ANSWERS).map(({ text }) => text) }
    })
  )
  const partitions = await classifier.partition(
    engine,
    cells.map(({ texts }) => texts),
    signal
  )
  for (const scorer of scorers) {
    const classesByVariant = cells.flatMap(({ prompt, name }, cell) =>
      prompt === scorer.prompt ? [[name, elementAt(partitions, cell, 'cell')] as const] : []
    )
    scorer.addClasses(new Map(classesByVariant))
  }
}

/** Embeds the answers with a sentence-embedding model, equal answers once. */
async function embedAnswers(
  engine: EngineClient,
  model: EmbeddingModel,
  scorers: readonly PromptScorer[],
  signal: AbortSignal
): Promise<void> {
  /** Functions that add the embedding of a text to an answer, by the text. */
  const receivers = new Map<string, ((embedding: Float32Array) => void)[]>()
  for (const scorer of scorers) {
    for (const part of scorer.parts) {
      for (const [answer, { text }] of part.scored.entries()) {
        const add = (embedding: Float32Array): void => scorer.addEmbedding(part, answer, embedding)
        receivers.set(text, [...(receivers.get(text) ?? []), add])
      }
    }
  }
  if (receivers.size === 0) return
  const receiverLists = [...receivers.values()]
  const texts = await model.encodeAll([...receivers.keys()])
  for await (const { text, embedding } of await engine.embed({ file: model.file, texts }, { signal })) {
    const values = textToFloats(embedding)
    for (const add of elementAt(receiverLists, text, 'text')) add(values)
  }
}

/**
 * Computes the likelihoods and embeddings of the answers to some prompts: base reads them, and then post, which
 * completes each prompt.
 *
 * @param finish stores the scores of a completed prompt
 */
async function readAnswers(
  { engine, run, pair, signal, computation }: EvaluationContext,
  scorers: readonly PromptScorer[],
  stateBytes: number,
  finish: (scorer: PromptScorer) => Promise<void>
): Promise<void> {
  const { device } = run.computing
  // The precision of the generation, if the engine generated.
  const precision = computation?.precision ?? run.computing.precision
  const request = {
    base: pair.base.checkpoint.path,
    post: pair.post.checkpoint.path,
    stateBytes,
    device,
    ...(precision !== undefined && { precision })
  }
  const entries = scorers.flatMap((scorer) => scorer.parts.map((part) => ({ scorer, part })))
  const prompts: ReadPrompt[] = entries.map(({ part }) => ({ tokens: part.prompt, answers: part.answers }))
  if (canBaseRead(run, pair)) {
    const events = await engine.read({ ...request, model: { kind: 'base' }, prompts, embeds: false }, { signal })
    for await (const answers of events) {
      for (const read of answers) {
        const { scorer, part } = elementAt(entries, read.prompt, 'prompt')
        scorer.addBase(part, read)
      }
    }
  }
  // Prompts without any answer are complete before post reads.
  for (const scorer of scorers) if (scorer.isComplete) await finish(scorer)
  if (prompts.every(({ answers }) => answers.length === 0)) return
  // Without an embedding model, the states of post are the embeddings.
  const embeds = run.embeddingModel === null
  for await (const answers of await engine.read({ ...request, model: { kind: 'post' }, prompts, embeds }, { signal })) {
    for (const read of answers) {
      throwIfCancelled(signal, 'The evaluation')
      const { scorer, part } = elementAt(entries, read.prompt, 'prompt')
      scorer.addPost(part, read)
      if (scorer.isComplete) await finish(scorer)
    }
  }
}

/** Selects at most {@link COMPARED_ANSWERS} answers of each variant to a prompt. All calls select the same answers. */
function comparedAnswers(run: EvaluationRun, prompt: number, samples: readonly SampleLine[]): SampleLine[] {
  const promptSamples = samples
    .filter((sample) => sample.prompt === prompt && isCounted(sample))
    .sort((a, b) => a.index - b.index)
  return run.variants.flatMap(({ variant: { name } }) => {
    const variantSamples = promptSamples.filter(({ variant }) => variant === name)
    return fixedSubset(variantSamples, COMPARED_ANSWERS)
  })
}

/** Reports whether base can read post's tokens: both vocabularies have one size, or were found comparable. */
function canBaseRead(run: EvaluationRun, { base, post }: SampledPair): boolean {
  if (base.spec.vocabularySize === post.spec.vocabularySize) return true
  // A base that is not comparable was refused as a variant before the run began.
  return run.variants.some(({ variant }) => variant.kind === 'base')
}
