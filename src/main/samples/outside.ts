import type { Rendering } from '../../contract/documents/crc'
import type { EngineVariant, SampleLine, Variant } from '../../contract/documents/samples'
import type { TaskSettings } from '../../contract/documents/task'
import { elementAt } from '../../contract/model/look-up'
import { isOutside } from '../../contract/model/model'
import { endpointWarning, type OutsideModel, type OutsideRecord } from '../../contract/model/outside-model'
import { WorkbenchError } from '../../contract/model/problem'
import type { RenderedSamplePrompt } from '../answers/render-sample-prompts'
import { throwIfCancelled, unlessCancelled } from '../base/files/cancelling'
import { SerialQueue } from '../base/files/serial-queue'
import type { EndpointPatience } from '../endpoint/client'
import { askAnswers } from '../endpoint/ask-answers'
import { requireReachable } from '../endpoint/reachable'
import { endpointKey } from '../endpoint/key'
import type { AskedPrompt } from '../endpoint/request-body'
import { promptMessages } from '../text/chat'
import { promptName } from '../text/prompt-name'
import type { TextModel } from '../text/text-model'
import { answersFromFile } from './answer-files'

/** What the outside variants of a run need to answer its prompts. */
export interface OutsideWork {
  variants: readonly OutsideModel[]
  /** As endpoints are asked them, and as files may call them. */
  prompts: readonly (AskedPrompt & { text: string; otherTexts: readonly string[] })[]
  settings: TaskSettings
  templateArguments: Rendering['templateArguments']
  /** Post's, which reads the answers. */
  text: TextModel
  vocabularySize: number
  patience?: EndpointPatience
}

/** What outside variants are asked. */
export interface OutsideRequest extends Pick<OutsideWork, 'settings' | 'text' | 'vocabularySize'> {
  variants: readonly Variant[]
  prompts: readonly (RenderedSamplePrompt & { otherTexts?: readonly string[] })[]
  rendering: Rendering
}

/** Those of some variants that the engine answers for. */
export const engineVariants = (variants: readonly Variant[]): EngineVariant[] =>
  variants.flatMap((variant) => (isOutside(variant) ? [] : [variant]))

/** @throws WorkbenchError `bad-input` naming a variant that the engine does not answer for. @param what cannot be done with it */
export function engineOnly(variants: readonly Variant[], what: string): EngineVariant[] {
  const outside = variants.find(isOutside)
  if (outside === undefined) return engineVariants(variants)
  throw new WorkbenchError(
    'bad-input',
    `The variant "${outside.name}" is answered ${outside.kind === 'file' ? 'by a file' : 'by an endpoint'}: ${what}.`,
    'Leave it out.'
  )
}

/**
 * Prepares what the outside variants of a run do: what is wrong with them shows here, before anything is sent.
 *
 * @returns null where the engine answers for all, and what the user should know
 * @throws WorkbenchError `bad-input` naming variant and prompt; as `endpointKey` and `answersFromFile`
 */
export async function planOutside(
  request: OutsideRequest
): Promise<{ outside: OutsideWork | null; notices: string[] }> {
  const { rendering, settings, text, vocabularySize } = request
  const variants = request.variants.filter(isOutside)
  if (variants.length === 0) return { outside: null, notices: [] }
  const completed = await completionTexts(request.prompts, text)
  const prompts = request.prompts.map((prompt, place) => ({
    turns: prompt.raw ? [] : turnsOf(prompt, rendering),
    rendered: elementAt(completed.texts, place, 'prompt'),
    text: prompt.text,
    otherTexts: [prompt.rendered, ...(prompt.otherTexts ?? [])]
  }))
  const notices: string[] = []
  for (const variant of variants) {
    if (variant.kind === 'file') {
      await answersFromFile(variant, prompts, settings)
      continue
    }
    const { endpoint } = variant
    endpointKey(endpoint, `"${variant.name}"'s`)
    if (endpoint.through === 'chat') refuseContinuing(variant.name, request.prompts, rendering)
    notices.push(endpointWarning(endpoint), samplerNotice(variant.name))
    if (endpoint.through === 'completions' && completed.notice !== null) notices.push(completed.notice)
  }
  const { templateArguments } = rendering
  return {
    outside: { variants, prompts, settings, templateArguments, text, vocabularySize },
    notices: [...new Set(notices)]
  }
}

function turnsOf({ text, system }: RenderedSamplePrompt, { systemPrompt }: Rendering): AskedPrompt['turns'] {
  return promptMessages(text, system ?? systemPrompt).flatMap(({ role, content }) =>
    role === 'system' || role === 'user' ? [{ role, content }] : []
  )
}

const samplerNotice = (name: string): string =>
  `"${name}" is told the whole sampler, also what is off: vLLM, SGLang and llama.cpp keep to it. Other servers may leave out top-k, min-p or the repetition penalty without a word, and cut off by defaults of their own.`

/** A chat ends with a turn of the user: nothing can be continued. */
function refuseContinuing(
  name: string,
  prompts: readonly RenderedSamplePrompt[],
  { assistantPrefix }: Rendering
): void {
  const raw = prompts.findIndex((prompt) => prompt.raw)
  const found = prompts[raw]
  if (found === undefined && assistantPrefix === '') return
  const what =
    found === undefined
      ? 'Answers begin with a given text'
      : `${promptName(found, raw)} is to be continued as it is`
  throw new WorkbenchError(
    'bad-input',
    `${what}, which the variant "${name}" cannot do: it is asked by chat.`,
    'Ask it for completions instead.'
  )
}

/**
 * The texts of which an endpoint makes the tokens that the engine reads: servers put the tokens around them that the tokenizer puts around
 * plain text, such as BOS, which a template has written already.
 */
async function completionTexts(
  prompts: readonly RenderedSamplePrompt[],
  text: TextModel
): Promise<{ texts: string[]; notice: string | null }> {
  const begin = text.specialTokens.get('bos_token') ?? ''
  const rendered = prompts.map((prompt) => prompt.rendered)
  const stripped = rendered.map((each) =>
    begin !== '' && each.startsWith(begin) ? each.slice(begin.length) : each
  )
  const [asIs, without] = [await text.encodeAll(rendered, true), await text.encodeAll(stripped, true)]
  let unequal = false
  const texts = prompts.map(({ tokens }, place) => {
    const is = (encoded: readonly number[]): boolean => encoded.join() === tokens.join()
    // Of a text that begins with it, tokenizers here put no second one before it; servers do.
    if (is(elementAt(without, place, 'prompt'))) return elementAt(stripped, place, 'prompt')
    if (!is(elementAt(asIs, place, 'prompt'))) unequal = true
    return elementAt(rendered, place, 'prompt')
  })
  return {
    texts,
    notice: unequal
      ? "Endpoints are sent prompts as text, and may put tokens around it that the engine's prompts do not have."
      : null
  }
}

/** Hears of outside answers as they come. */
export interface OutsideListener {
  keep(lines: SampleLine[]): Promise<void>
  learned(record: OutsideRecord): Promise<void>
  /** Why an endpoint is going to be asked again. */
  again(why: string): void
  /** Tokens of answers that were kept. */
  tokens(count: number): void
}

/**
 * Has every outside variant give the answers that are not stored yet: files first.
 *
 * @throws WorkbenchError as `askAnswers` and `answersFromFile`. Answers until then have been kept.
 */
export async function answerOutside(
  work: OutsideWork,
  stored: readonly SampleLine[],
  listener: OutsideListener,
  signal: AbortSignal
): Promise<void> {
  const queue = new SerialQueue()
  // All before the first is asked: none is to be found missing after the answers of another.
  for (const variant of work.variants) {
    if (variant.kind === 'file' || isAnswered(work, variant.name, stored)) continue
    await requireReachable(variant.endpoint, 'The endpoint', signal)
  }
  for (const variant of work.variants.toSorted(
    (a, b) => Number(b.kind === 'file') - Number(a.kind === 'file')
  )) {
    const missing = missingAnswers(work, variant.name, stored)
    if (isAnswered(work, variant.name, stored)) continue
    const keep = async (answers: readonly GivenAnswer[]): Promise<SampleLine[]> => {
      // Answers come many at once. They are read and stored one after the other, so that a stop waits for one of them at most.
      const lines = await queue.run(() => {
        throwIfCancelled(signal, 'Sampling')
        return unlessCancelled(signal, 'Sampling', sampleLines(work, variant, answers))
      })
      await queue.run(() => listener.keep(lines))
      return lines
    }
    if (variant.kind === 'file') await takeFromFile(work, variant, missing, keep, listener)
    else await askEndpoint(work, variant, missing, keep, listener, signal)
  }
}

/** An answer of an outside variant, before it is a line. */
interface GivenAnswer extends Pick<SampleLine, 'prompt' | 'index' | 'text' | 'finish'> {
  tokens?: readonly number[] | null
}
type Keep = (answers: readonly GivenAnswer[]) => Promise<SampleLine[]>

const isAnswered = (...asked: Parameters<typeof missingAnswers>): boolean =>
  missingAnswers(...asked).every(({ length }) => length === 0)

function missingAnswers(work: OutsideWork, name: string, stored: readonly SampleLine[]): number[][] {
  const own = new Set(
    stored.flatMap(({ variant, prompt, index }) => (variant === name ? [`${prompt}/${index}`] : []))
  )
  const indices = Array.from({ length: work.settings.sampleCount }, (_, index) => index)
  return work.prompts.map((_, prompt) => indices.filter((index) => !own.has(`${prompt}/${index}`)))
}

async function takeFromFile(
  { prompts, settings }: OutsideWork,
  variant: Extract<OutsideModel, { kind: 'file' }>,
  missing: readonly (readonly number[])[],
  keep: Keep,
  listener: OutsideListener
): Promise<void> {
  const { format, by, answers } = await answersFromFile(variant, prompts, settings)
  const models = variant.of === undefined ? by.filter((of) => of !== null) : [variant.of]
  await listener.learned({ variant: variant.name, models, fingerprints: [], server: format })
  for (const [prompt, indices] of missing.entries()) {
    const own = elementAt(answers, prompt, 'prompt')
    const given = indices.map((index) => ({ ...elementAt(own, index, 'answer'), prompt, index }))
    if (given.length > 0) await keep(given)
  }
}

async function askEndpoint(
  { prompts, settings, templateArguments, patience }: OutsideWork,
  { name, endpoint }: Extract<OutsideModel, { kind: 'endpoint' }>,
  missing: readonly (readonly number[])[],
  keep: Keep,
  listener: OutsideListener,
  signal: AbortSignal
): Promise<void> {
  await askAnswers(
    {
      endpoint,
      apiKey: endpointKey(endpoint, `"${name}"'s`),
      patience,
      prompts,
      settings: { ...settings, templateArguments },
      missing
    },
    {
      keep: async (answers, counted) => {
        const lines = await keep(answers)
        // Of several answers llama.cpp counts the first; what was thought before an answer is counted by the server alone.
        listener.tokens(Math.max(counted ?? 0, tokensOf(lines)))
      },
      learned: (record) => listener.learned({ variant: name, ...record }),
      again: (why) => listener.again(why)
    },
    signal
  )
}

const tokensOf = (lines: readonly SampleLine[]): number =>
  lines.reduce((sum, { tokens }) => sum + tokens.length, 0)

/** Answers as they are stored, in tokens of post: those of a file where they are the text's, or else the text's own. */
async function sampleLines(
  { text, settings, vocabularySize }: OutsideWork,
  { name }: OutsideModel,
  answers: readonly GivenAnswer[]
): Promise<SampleLine[]> {
  const given = answers.map(({ tokens }) =>
    tokens?.every((token) => token < vocabularySize) === true ? tokens : []
  )
  const decoded = await text.decodeAll(given)
  const encoded = await text.encodeAll(answers.map((answer) => answer.text))
  return answers.map((answer, place) => {
    const { prompt, index, finish } = answer
    const own = elementAt(given, place, 'answer')
    const isOwn = own.length > 0 && elementAt(decoded, place, 'answer') === answer.text
    const tokens = isOwn ? [...own] : elementAt(encoded, place, 'answer')
    refuseOverlong(tokens.length, name, settings)
    return { variant: name, prompt, index, text: answer.text, tokens, finish }
  })
}

/** Another tokenizer may count otherwise, but not that much: what is longer was not asked for, and cannot be read back. */
const MOST_TIMES_ASKED = 8

function refuseOverlong(length: number, name: string, { maxTokens }: TaskSettings): void {
  if (length <= MOST_TIMES_ASKED * maxTokens + 64) return
  throw new WorkbenchError(
    'bad-input',
    `An answer of the variant "${name}" has ${length} tokens; at most ${maxTokens} were asked for.`,
    'Does the server keep to max_tokens? For answers from a file, ask for as many tokens as they have.'
  )
}
