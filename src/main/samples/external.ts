import type { Rendering } from '../../contract/documents/crc'
import { formatCount, plural } from '../../contract/words/format'
import { type EngineVariant, isCounted, type SampleLine, type Variant } from '../../contract/documents/samples'
import type { TaskSettings } from '../../contract/documents/task'
import { elementAt } from '../../contract/model/look-up'
import { isExternal } from '../../contract/model/model'
import { endpointWarning, type ExternalModel, type ExternalRecord } from '../../contract/model/external-model'
import { inputError } from '../../contract/model/problem'
import type { RenderedSamplePrompt } from '../answers/render-sample-prompts'
import { throwIfCancelled, unlessCancelled } from '../base/files/cancelling'
import { SerialQueue } from '../base/files/serial-queue'
import { askAnswers } from '../endpoint/ask-answers'
import { requireReachable } from '../endpoint/reachable'
import { endpointKey } from '../endpoint/key'
import type { EndpointPrompt } from '../endpoint/request-body'
import { sameTokens } from '../checkpoint/whole-model-tokens'
import { promptMessages } from '../text/chat'
import { promptName } from '../text/prompt-name'
import type { TextModel } from '../text/text-model'
import { answersFromFile } from './answer-files'

/** The external variants of a run, which are answered by files and endpoints, and their prompts. */
export interface ExternalWork {
  variants: readonly ExternalModel[]
  /** Prompts as sent to endpoints, with the texts that files may use for them. */
  prompts: readonly (EndpointPrompt & { text: string; otherTexts: readonly string[] })[]
  settings: TaskSettings
  templateArguments: Rendering['templateArguments']
  /** Post's tokenizer, which splits the answers into tokens. */
  text: TextModel
  vocabularySize: number
}

/** The variants, prompts and settings of a run, from which the work for its external variants is planned. */
export interface ExternalRequest extends Pick<ExternalWork, 'settings' | 'text' | 'vocabularySize'> {
  variants: readonly Variant[]
  prompts: readonly (RenderedSamplePrompt & { otherTexts?: readonly string[] })[]
  rendering: Rendering
}

/** Returns the variants that the engine computes. */
export const engineVariants = (variants: readonly Variant[]): EngineVariant[] =>
  variants.flatMap((variant) => (isExternal(variant) ? [] : [variant]))

/**
 * Requires that the engine computes all variants.
 *
 * @param reason why an external variant cannot be used; the end of the message.
 * @throws WorkbenchError `bad-input` for an external one
 */
export function engineOnly(variants: readonly Variant[], reason: string): EngineVariant[] {
  const external = variants.find(isExternal)
  if (external === undefined) return engineVariants(variants)
  const source = external.kind === 'file' ? 'a file' : 'an endpoint'
  throw inputError(`The variant "${external.name}" is answered by ${source}: ${reason}.`, 'Leave it out.')
}

/** Prepares the external variants of a run; null without any. Errors are reported before anything is sent. */
export async function planExternal(
  request: ExternalRequest
): Promise<{ external: ExternalWork | null; notices: string[] }> {
  const { rendering, settings, text, vocabularySize } = request
  const variants = request.variants.filter(isExternal)
  if (variants.length === 0) return { external: null, notices: [] }
  const completed = await completionTexts(request.prompts, text)
  const prompts = request.prompts.map((prompt, index) => ({
    turns: prompt.raw ? [] : turnsOf(prompt, rendering),
    rendered: elementAt(completed.texts, index, 'prompt'),
    text: prompt.text,
    otherTexts: [prompt.rendered, ...(prompt.otherTexts ?? [])]
  }))
  const notices: string[] = []
  // Files and keys are read here only to report their errors. They are read again when answers are needed.
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
    external: { variants, prompts, settings, templateArguments, text, vocabularySize },
    notices: [...new Set(notices)]
  }
}

function turnsOf({ text, system }: RenderedSamplePrompt, { systemPrompt }: Rendering): EndpointPrompt['turns'] {
  return promptMessages(text, system ?? systemPrompt).flatMap(({ role, content }) =>
    role === 'system' || role === 'user' ? [{ role, content }] : []
  )
}

const samplerNotice = (name: string): string =>
  `"${name}" is sent all settings of the sampler, even those that are off. vLLM, SGLang and llama.cpp obey them. ` +
  'Other servers may ignore top-k, min-p or the repetition penalty silently, and cut off by their own defaults.'

/** Refuses prompts to continue, because a chat ends with a turn of the user. */
function refuseContinuing(
  name: string,
  prompts: readonly RenderedSamplePrompt[],
  { assistantPrefix }: Rendering
): void {
  const raw = prompts.findIndex((prompt) => prompt.raw)
  const prompt = prompts[raw]
  if (prompt === undefined && assistantPrefix === '') return
  const request =
    prompt === undefined ? 'Answers begin with a given text' : `${promptName(prompt, raw)} is to be continued as it is`
  throw inputError(
    `${request}, which the variant "${name}" cannot do: it is asked by chat.`,
    'Ask it for completions instead.'
  )
}

/** Builds texts that an endpoint tokenizes to the engine's tokens. Tokens that servers add themselves are left out. */
async function completionTexts(
  prompts: readonly RenderedSamplePrompt[],
  text: TextModel
): Promise<{ texts: string[]; notice: string | null }> {
  const bos = text.specialTokens.get('bos_token') ?? ''
  const rendered = prompts.map((prompt) => prompt.rendered)
  const withoutBos = rendered.map((prompt) => (prompt.startsWith(bos) ? prompt.slice(bos.length) : prompt))
  const [tokensAsRendered, tokensWithoutBos] = [
    await text.encodeAll(rendered, true),
    await text.encodeAll(withoutBos, true)
  ]
  let isUnequal = false
  const texts = prompts.map(({ tokens }, index) => {
    // Servers add BOS also to a text that begins with BOS, unlike the tokenizers here.
    if (sameTokens(elementAt(tokensWithoutBos, index, 'prompt'), tokens)) return elementAt(withoutBos, index, 'prompt')
    if (!sameTokens(elementAt(tokensAsRendered, index, 'prompt'), tokens)) isUnequal = true
    return elementAt(rendered, index, 'prompt')
  })
  return {
    texts,
    notice: isUnequal
      ? "Endpoints are sent prompts as text, and may put tokens around it that the engine's prompts do not have."
      : null
  }
}

/** Receives external answers as they arrive. */
export interface ExternalListener {
  /** Stores answers. */
  keep(lines: SampleLine[]): Promise<void>
  /** Receives new facts about an external model. */
  onRecord(record: ExternalRecord): Promise<void>
  /** Receives the reason for a repeated request. */
  onRepeat(why: string): void
  /** Receives the number of tokens of new answers. */
  tokens(count: number): void
}

/** Adds the missing answers of every external variant to the stored ones, from files first. */
export async function answerExternal(
  work: ExternalWork,
  stored: readonly SampleLine[],
  listener: ExternalListener,
  signal: AbortSignal
): Promise<void> {
  const queue = new SerialQueue()
  // All endpoints are checked before the first request, so that an unreachable one is reported at once.
  for (const variant of work.variants) {
    if (variant.kind === 'file' || isAnswered(work, variant.name, stored)) continue
    await requireReachable(variant.endpoint, 'The endpoint', signal)
  }
  for (const variant of work.variants.toSorted((a, b) => Number(b.kind === 'file') - Number(a.kind === 'file'))) {
    const missing = missingAnswers(work, variant.name, stored)
    if (isAnswered(work, variant.name, stored)) continue
    const keep = async (answers: readonly ExternalAnswer[]): Promise<SampleLine[]> => {
      // Many answers arrive at once, but are stored one after the other, so that a stop waits for one of them
      // at most.
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

/** An answer of an external variant before it is stored. */
interface ExternalAnswer extends Pick<SampleLine, 'prompt' | 'index' | 'text' | 'finish'> {
  tokens?: readonly number[] | null
}
type Keep = (answers: readonly ExternalAnswer[]) => Promise<SampleLine[]>

const isAnswered = (work: ExternalWork, name: string, stored: readonly SampleLine[]): boolean =>
  missingAnswers(work, name, stored).every(({ length }) => length === 0)

/** Lists the indices of the missing answers of a variant, for each prompt. */
function missingAnswers(work: ExternalWork, name: string, stored: readonly SampleLine[]): number[][] {
  const storedKeys = new Set(
    stored.flatMap(({ variant, prompt, index }) => (variant === name ? [`${prompt}/${index}`] : []))
  )
  const indices = Array.from({ length: work.settings.sampleCount }, (_, index) => index)
  return work.prompts.map((_, prompt) => indices.filter((index) => !storedKeys.has(`${prompt}/${index}`)))
}

async function takeFromFile(
  { prompts, settings }: ExternalWork,
  variant: Extract<ExternalModel, { kind: 'file' }>,
  missing: readonly (readonly number[])[],
  keep: Keep,
  listener: ExternalListener
): Promise<void> {
  const { format, by, answers } = await answersFromFile(variant, prompts, settings)
  const models = variant.of === undefined ? by.filter((of) => of !== null) : [variant.of]
  const refused = prompts.flatMap((prompt, index) => {
    const uncounted = elementAt(answers, index, 'prompt').find((answer) => !isCounted(answer))
    if (uncounted === undefined) return []
    return [{ prompt: promptName(prompt, index), reason: `marked as ${uncounted.finish} in ${variant.path}` }]
  })
  await listener.onRecord({ variant: variant.name, models, fingerprints: [], server: format, refused })
  for (const [prompt, indices] of missing.entries()) {
    const promptAnswers = elementAt(answers, prompt, 'prompt')
    const selected = indices.map((index) => ({ ...elementAt(promptAnswers, index, 'answer'), prompt, index }))
    if (selected.length > 0) await keep(selected)
  }
}

/** Most characters of an endpoint's reason that a run stores. */
const MAX_REASON_CHARACTERS = 300

async function askEndpoint(
  { prompts, settings, templateArguments }: ExternalWork,
  { name, endpoint }: Extract<ExternalModel, { kind: 'endpoint' }>,
  missing: readonly (readonly number[])[],
  keep: Keep,
  listener: ExternalListener,
  signal: AbortSignal
): Promise<void> {
  const apiKey = endpointKey(endpoint, `"${name}"'s`)
  await askAnswers(
    { endpoint, apiKey, prompts, settings: { ...settings, templateArguments }, missing },
    {
      keep: async (answers, counted) => {
        const lines = await keep(answers)
        // llama.cpp counts only the first of several answers, and only the server counts thoughts.
        listener.tokens(Math.max(counted ?? 0, tokensOf(lines)))
      },
      onRecord: (record) => listener.onRecord({ variant: name, ...record, refused: [] }),
      onRefusal: (index, reason) => {
        const prompt = promptName(elementAt(prompts, index, 'prompt'), index)
        const refused = [{ prompt, reason: reason.slice(0, MAX_REASON_CHARACTERS) }]
        return listener.onRecord({ variant: name, models: [], fingerprints: [], server: null, refused })
      },
      onRepeat: (why) => listener.onRepeat(why)
    },
    signal
  )
}

const tokensOf = (lines: readonly SampleLine[]): number => lines.reduce((sum, { tokens }) => sum + tokens.length, 0)

/** Converts answers to stored lines. Tokens of a file are kept if post's tokenizer decodes them to the same text. */
async function sampleLines(
  { text, settings, vocabularySize }: ExternalWork,
  { name }: ExternalModel,
  answers: readonly ExternalAnswer[]
): Promise<SampleLine[]> {
  const fileTokens = answers.map(({ tokens }) =>
    tokens?.every((token) => token < vocabularySize) === true ? tokens : []
  )
  const decoded = await text.decodeAll(fileTokens)
  const encoded = await text.encodeAll(answers.map((answer) => answer.text))
  return answers.map((answer, row) => {
    const { prompt, index, finish } = answer
    const answerTokens = elementAt(fileTokens, row, 'answer')
    const isValid = answerTokens.length > 0 && elementAt(decoded, row, 'answer') === answer.text
    const tokens = isValid ? [...answerTokens] : elementAt(encoded, row, 'answer')
    refuseOverlong(tokens.length, name, settings)
    return { variant: name, prompt, index, text: answer.text, tokens, finish }
  })
}

/** Factor of the token limit beyond which an answer is refused, because it is too long to be shown. */
const MAX_LENGTH_FACTOR = 8

function refuseOverlong(length: number, name: string, { maxTokens }: TaskSettings): void {
  if (length <= MAX_LENGTH_FACTOR * maxTokens + 64) return
  throw inputError(
    `An answer of the variant "${name}" has ${plural(length, 'token')}; ` +
      `at most ${formatCount(maxTokens)} were asked for.`,
    'Does the server keep to max_tokens? For answers from a file, ask for as many tokens as they have.'
  )
}
