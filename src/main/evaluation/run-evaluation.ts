import type { CheckpointReference } from '../../contract/model/checkpoint'
import type { EvaluationProgress, EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import type { ReadPrompt } from '../../contract/procedures/engine'
import type { OutsideRecord } from '../../contract/model/outside-model'
import { WorkbenchError } from '../../contract/model/problem'
import type { Computation, SampleLine } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { cellOf, cellsOf } from './ask-judge'
import { textToFloats } from '../base/float-text'
import type { EngineClient } from '../engine/host'
import type { SampledPair } from '../samples/generation'
import { defaultMemoryBytes } from '../base/engine-memory'
import { makeAnswers } from '../samples/make-answers'
import { computationOf } from '../samples/run-samples'
import { type EmbeddingModel, openEmbeddingModel } from './embedding-model'
import { fixedSubset } from '../measures/texts/fixed-subset'
import { evaluationGroups, groupAnswers } from './prepare-evaluation'
import { answersIn, wholeLists } from './listed-answers'
import { CLASSIFIED_ANSWERS, openPairClassifier, type PairClassifier } from './pair-classifier'
import { PromptReading } from './prompt-reading'
import { refuseUnreadable } from './readable-answers'
import { COMPARED_ANSWERS } from '../measures/sample-measures'
import { cancellable, throwIfCancelled } from '../base/files/cancelling'

export interface EvaluationListener {
  /** How the engine computes; the same for the whole run. */
  planned(computation: Computation): Promise<void>
  /** Who answers outside the engine, when more is known of it. */
  learned(record: OutsideRecord): Promise<void>
  /** Gets what is finished at once, to store it. When either rejects, so does the run. */
  keepSamples(lines: SampleLine[]): Promise<void>
  keepScores(scores: PromptScores): Promise<void>
  progress(progress: EvaluationProgress): void
}

/** A run, and what of it is there. */
export interface EvaluationToMake {
  run: EvaluationRun
  pair: SampledPair
  stored: { samples: readonly SampleLine[]; scores: readonly PromptScores[] }
}

/**
 * Generates the answers that a run lacks, then has post and base read those of every prompt that has no scores yet. The
 * same results come whether it goes through at once or in pieces.
 *
 * @returns wall time in seconds
 * @throws WorkbenchError as `refuseUnreadable`; `cancelled` when `signal` fires; `mismatch` when a checkpoint has changed; what the
 *   engine is at fault for. What was finished by then has been kept.
 */
export async function runEvaluation(
  engine: EngineClient,
  { run, pair, stored }: EvaluationToMake,
  listener: EvaluationListener,
  signal: AbortSignal
): Promise<number> {
  const startedMs = performance.now()
  refuseUnreadable(stored.samples, run, pair.post.spec, readingBytes())
  const begun = { engine, run, pair, samples: [...stored.samples], listener, signal }
  const work: Work = { ...begun, computation: await generate(begun) }
  const scored = new Set(stored.scores.map(({ prompt }) => prompt))
  await cancellable(signal, 'The evaluation', () => score(work, scored))
  return (performance.now() - startedMs) / 1000
}

/** Returns the memory for the hidden states of answers that are read together, and as much for the masks of their attention. */
const readingBytes = (): number => Math.floor(defaultMemoryBytes() / 4)

/** What every step of a run needs. */
interface Work {
  readonly engine: EngineClient
  readonly run: EvaluationRun
  readonly pair: SampledPair
  /** All answers so far. */
  readonly samples: SampleLine[]
  readonly listener: EvaluationListener
  readonly signal: AbortSignal
  /** How the engine has generated; null where others answered. */
  readonly computation: Computation | null
}

/** @returns how the engine has computed; null where it has not */
async function generate({
  engine,
  run,
  pair,
  samples,
  listener,
  signal
}: Omit<Work, 'computation'>): Promise<Computation | null> {
  let computation = computationOf(run)
  const promptsTotal = run.task.prompts.length
  const samplesTotal = run.variants.length * promptsTotal * run.task.settings.sampleCount
  for (const group of evaluationGroups(run)) {
    const planned = await groupAnswers(run, group, pair)
    const names = new Set(
      group.members.map((member) => elementAt(run.variants, member, 'variant').variant.name)
    )
    const { listed } = group
    const { settings } = run.task
    const own = samples.filter(({ variant }) => names.has(variant))
    const others = samples.length - own.length
    const known = new Set(own.map(keyOf))
    const generated = await makeAnswers(
      engine,
      { ...planned, stored: listed === 1 ? own : wholeLists(own, settings, listed), earlier: computation },
      {
        learned: (record) => listener.learned(record),
        planned: (planned) => listener.planned(planned),
        async keep(lines) {
          const answers = listed === 1 ? lines : await answersIn(lines, settings, listed, pair.text)
          // Of a list that was cut off by a crash some answers are there.
          const fresh = answers.filter((answer) => !known.has(keyOf(answer)))
          await listener.keepSamples(fresh)
          samples.push(...fresh)
          refuseUnreadable(fresh, run, pair.post.spec, readingBytes())
        },
        progress({ mostSecondsLeft, ...progress }) {
          // Known of this group only; the others take about as long for each answer.
          const more =
            (samplesTotal - samples.length) /
            Math.max(1, listed * (progress.samplesTotal - progress.samplesDone))
          listener.progress({
            ...progress,
            samplesDone: listed === 1 ? others + progress.samplesDone : samples.length,
            samplesTotal,
            secondsLeft: progress.secondsLeft === null ? null : more * progress.secondsLeft,
            ...(mostSecondsLeft === undefined ? {} : { mostSecondsLeft: more * mostSecondsLeft }),
            promptsScored: 0,
            promptsTotal
          })
        }
      },
      signal
    )
    computation = generated.computation
  }
  return computation
}

const keyOf = ({ variant, prompt, index }: SampleLine): string => JSON.stringify([variant, prompt, index])

/** @param scored prompts that have their scores; grows */
async function score(work: Work, scored: Set<number>): Promise<void> {
  const { engine, run, pair, samples, listener, signal } = work
  const promptsTotal = run.task.prompts.length
  const tell = (): void => {
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
  tell()
  const waiting = run.task.prompts.flatMap((_, prompt) => (scored.has(prompt) ? [] : [prompt]))
  const stateBytes = readingBytes()
  const finish = async (reading: PromptReading): Promise<void> => {
    await listener.keepScores(reading.scores())
    scored.add(reading.prompt)
    tell()
  }
  const embeddingModel =
    run.embeddingModel === null || waiting.length === 0 ? null : await reopenedModel(run.embeddingModel)
  const classifier =
    run.classifier === null || waiting.length === 0 ? null : await reopenedClassifier(run.classifier)
  const read = async (together: readonly PromptReading[]): Promise<void> => {
    if (classifier !== null) await classifyAnswers(work, classifier, together)
    // Before post reads them, which completes a prompt.
    if (embeddingModel !== null) await embedAnswers(engine, embeddingModel, together, signal)
    await readTogether(work, together, stateBytes, finish)
  }
  let readings: PromptReading[] = []
  let rowCount = 0
  const maximumRows = stateBytes / (pair.post.spec.hiddenSize * Float32Array.BYTES_PER_ELEMENT)
  for (const prompt of waiting) {
    const reading = new PromptReading(run, prompt, comparedAnswers(run, prompt, samples))
    if (readings.length > 0 && rowCount + reading.rowCount > maximumRows) {
      await read(readings)
      readings = []
      rowCount = 0
    }
    readings.push(reading)
    rowCount += reading.rowCount
  }
  if (readings.length > 0) await read(readings)
}

/** @throws WorkbenchError as `openEmbeddingModel`; `mismatch` when the model is another than the run was begun with */
async function reopenedModel({ path, fingerprint }: CheckpointReference): Promise<EmbeddingModel> {
  const model = await openEmbeddingModel(path)
  if (model.reference.fingerprint === fingerprint) return model
  throw new WorkbenchError(
    'mismatch',
    `The embedding model ${path} is not the one that this evaluation was begun with.`,
    'Put that model back, or start a new evaluation.'
  )
}

/** @throws WorkbenchError as `openPairClassifier`; `mismatch` when it is another than the run was begun with */
async function reopenedClassifier({ path, fingerprint }: CheckpointReference): Promise<PairClassifier> {
  const classifier = await openPairClassifier(path)
  if (classifier.reference.fingerprint === fingerprint) return classifier
  throw new WorkbenchError(
    'mismatch',
    `The classifier ${path} is not the one that this evaluation was begun with.`,
    'Put that classifier back, or start a new evaluation.'
  )
}

/** Has a classifier sort the first answers of each variant to some prompts into classes. */
async function classifyAnswers(
  { engine, run, samples, signal }: Work,
  classifier: PairClassifier,
  readings: readonly PromptReading[]
): Promise<void> {
  const byCell = cellsOf(samples)
  const cells = readings.flatMap(({ prompt }) =>
    run.variants.map(({ variant: { name } }) => {
      const lines = byCell.get(cellOf(name, prompt)) ?? []
      return { prompt, name, texts: lines.slice(0, CLASSIFIED_ANSWERS).map(({ text }) => text) }
    })
  )
  const counts = await classifier.countClasses(
    engine,
    cells.map(({ texts }) => texts),
    signal
  )
  for (const reading of readings) {
    const own = cells.flatMap(({ prompt, name }, cell) =>
      prompt === reading.prompt ? [[name, elementAt(counts, cell, 'cell')] as const] : []
    )
    reading.addClasses(new Map(own))
  }
}

/** Has a sentence-embedding model embed the answers, equal ones once. */
async function embedAnswers(
  engine: EngineClient,
  model: EmbeddingModel,
  readings: readonly PromptReading[],
  signal: AbortSignal
): Promise<void> {
  const places = new Map<string, ((embedding: Float32Array) => void)[]>()
  for (const reading of readings) {
    for (const part of reading.parts) {
      for (const [answer, { sample }] of part.read.entries()) {
        const add = (embedding: Float32Array): void => reading.addEmbedding(part, answer, embedding)
        places.set(sample.text, [...(places.get(sample.text) ?? []), add])
      }
    }
  }
  if (places.size === 0) return
  const added = [...places.values()]
  const texts = await model.encodeAll([...places.keys()])
  for await (const { text, embedding } of await engine.embed({ file: model.file, texts }, { signal })) {
    const values = textToFloats(embedding)
    for (const add of elementAt(added, text, 'text')) add(values)
  }
}

/**
 * Has base and then post read the answers to some prompts: as many as the engine computes at once, so that a run that is
 * stopped loses no more than that, and no more embeddings are held.
 */
async function readTogether(
  { engine, run, pair, signal, computation }: Work,
  readings: readonly PromptReading[],
  stateBytes: number,
  finish: (reading: PromptReading) => Promise<void>
): Promise<void> {
  const { device } = run.computing
  // In what they were generated, where that was here.
  const precision = computation?.precision ?? run.computing.precision
  const request = {
    ...{ base: pair.base.checkpoint.path, post: pair.post.checkpoint.path, stateBytes, device },
    ...(precision === undefined ? {} : { precision })
  }
  // Every answer to every prompt, post's reading last: with it a prompt is complete.
  const entries = readings.flatMap((reading) => reading.parts.map((part) => ({ reading, part })))
  const prompts: ReadPrompt[] = entries.map(({ part }) => ({ tokens: part.prompt, answers: part.answers }))
  if (baseReads(run, pair)) {
    const events = await engine.read({ ...request, model: { kind: 'base' }, prompts }, { signal })
    for await (const event of events) {
      const { reading, part } = elementAt(entries, event.prompt, 'prompt')
      reading.addBase(part, event)
    }
  }
  for (const reading of readings) if (reading.isComplete) await finish(reading)
  if (prompts.every(({ answers }) => answers.length === 0)) return
  for await (const event of await engine.read({ ...request, model: { kind: 'post' }, prompts }, { signal })) {
    throwIfCancelled(signal, 'The evaluation')
    const { reading, part } = elementAt(entries, event.prompt, 'prompt')
    reading.addPost(part, event)
    if (reading.isComplete) await finish(reading)
  }
}

/** At most {@link COMPARED_ANSWERS} answers of each variant, the same ones whenever they are asked for. */
function comparedAnswers(run: EvaluationRun, prompt: number, samples: readonly SampleLine[]): SampleLine[] {
  const ofPrompt = samples.filter((sample) => sample.prompt === prompt).sort((a, b) => a.index - b.index)
  return run.variants.flatMap(({ variant: { name } }) => [
    ...fixedSubset(
      ofPrompt.filter(({ variant }) => variant === name),
      COMPARED_ANSWERS
    )
  ])
}

/** Base reads post's tokens when it has them all: then its tokenizer is post's, or numbers its tokens like it. */
function baseReads(run: EvaluationRun, { base, post }: SampledPair): boolean {
  if (base.spec.vocabularySize === post.spec.vocabularySize) return true
  // Where base could not be compared as a whole model, it was refused as a variant before the run began.
  return run.variants.some(({ variant }) => variant.kind === 'base')
}
