import { formatCount, plural } from '../../contract/words/format'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import type { AnsweringModel } from '../../contract/model/model'
import { inputError, mismatchError } from '../../contract/model/problem'
import { fewShotAnswer, type FewShotPrompts } from '../../contract/model/few-shot'
import type { EngineVariant, SampleSettings } from '../../contract/documents/samples'
import { needsBase } from '../../contract/model/sampling-baseline'
import { endTokens, pairEndTokens } from '../checkpoint/generation-config'
import { openSameOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import type { PairMember } from '../checkpoint/pair-member'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { distinctModels } from './distinct-models'
import { recentTextModel } from '../text/recent-text-models'
import type { TextModel } from '../text/text-model'
import {
  refuseTokensOutside,
  type SharedTokens,
  type WholeModel,
  type WholeModelTokens
} from '../checkpoint/whole-model-tokens'
import { requireUsable } from './variants'

/** A pair with the tokenizer of its prompts. */
export interface SampledPair {
  base: PairMember
  post: PairMember
  text: TextModel
}

/** An answer, by the indices of its variant and prompt. */
interface GeneratedAnswer {
  variant: number
  prompt: number
  tokens: readonly number[]
}

/** Answers that the engine is to generate: of every model to every prompt. */
export interface Generation {
  base: string
  post: string
  variantNames: string[]
  /** The models of the variants, in the same order. */
  models: AnsweringModel[]
  /** Token ids of each prompt. */
  prompts: number[][]
  /** The prompts as base sees them after a few-shot prompt; undefined if no variant needs them. */
  fewShot?: FewShotPrompts | undefined
  settings: SampleSettings
  stopTokens: number[]
  /** Decodes answers, each by the tokenizer of its variant, without special tokens. */
  textsOf(answers: readonly GeneratedAnswer[]): Promise<string[]>
}

const INT4_NOTICE =
  'Weights are held in int4: every product is wrong by about 10 %, which distorts the diversity that is compared. ' +
  'Trust no difference that int8 does not show as well.'

/** Opens a pair for sampling. @throws WorkbenchError when the pair or post's tokenizer cannot be used */
export async function openSampledPair(folders: { base: string; post: string }): Promise<SampledPair> {
  const pair = await openPair(folders.base, folders.post)
  return { ...pair, text: await recentTextModel(pair.post.checkpoint.textFolder) }
}

/**
 * Prepares variants to answer prompts.
 *
 * @param compare checks whether a whole model can be given post's tokens
 * @returns the generation, and notices for the user
 */
export async function prepareGeneration(
  pair: SampledPair,
  { prompts, fewShot }: Pick<Generation, 'prompts' | 'fewShot'>,
  variants: readonly EngineVariant[],
  settings: SampleSettings,
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
): Promise<{ generation: Generation; notices: string[] }> {
  refuseTooManyAnswers(prompts.length, variants.length, settings.sampleCount)
  const shared: SharedTokens = { prompts, answers: [] }
  refuseTokensOutside(pair.post, shared)
  refuseLongPrompts([...prompts, ...(fewShot?.prompts ?? []).map(({ tokens }) => tokens)], pair.post)
  requireUsable(variants, pair.post.spec.layerCount)
  /** The whole model of each variant; null for a variant that is computed with post's embeddings and head. */
  const wholeModels: (ComparedModel | null)[] = []
  for (const variant of variants) wholeModels.push(await compareWholeModel(variant, pair, compare))
  const compared = wholeModels.filter((whole) => whole !== null)
  const stopTokens = await allEndTokens(pair, compared)
  return {
    generation: {
      base: pair.base.checkpoint.path,
      post: pair.post.checkpoint.path,
      variantNames: variants.map(({ name }) => name),
      models: [...variants],
      prompts,
      fewShot,
      settings,
      stopTokens,
      textsOf: async (answers) => {
        const texts = await decodeAnswers(answers, (variant) => wholeModels[variant]?.text ?? pair.text)
        return texts.map((text, index) => {
          const { variant, prompt } = elementAt(answers, index, 'answer')
          const isFewShot = variants[variant]?.kind === 'few-shot'
          return isFewShot ? fewShotAnswer(fewShot?.prompts[prompt]?.rendered ?? '', text) : text
        })
      }
    },
    notices: [
      ...new Set(compared.flatMap(({ notice }) => notice ?? [])),
      ...(stopTokens.length > 0
        ? []
        : ['The model names no token that ends an answer: answers end only at the most tokens allowed.']),
      ...doubledNotice(variants),
      ...alikeNotices(variants),
      ...(settings.weights === 'int4' ? [INT4_NOTICE] : [])
    ]
  }
}

/** Maximum number of answers, which are all in memory when they are measured. */
const MAX_ANSWERS = 1_000_000

/** Refuses too many answers. @throws WorkbenchError `bad-input` naming the factors */
export function refuseTooManyAnswers(promptCount: number, variantCount: number, sampleCount: number): void {
  const answers = promptCount * variantCount * sampleCount
  if (answers <= MAX_ANSWERS) return
  throw inputError(
    `${plural(sampleCount, 'answer')} to ${plural(promptCount, 'prompt')} by ${plural(variantCount, 'variant')} are ` +
      `${plural(answers, 'answer')}. One run generates at most ${plural(MAX_ANSWERS, 'answer')}.`,
    'Ask for fewer answers (--n), prompts or variants.'
  )
}

/** Decodes answers with one call for each tokenizer. @returns the texts in the order of the answers */
async function decodeAnswers(
  answers: readonly GeneratedAnswer[],
  textOf: (variant: number) => TextModel
): Promise<string[]> {
  const tokenizers = answers.map(({ variant }) => textOf(variant))
  const texts = new Map<TextModel, IterableIterator<string>>()
  for (const text of new Set(tokenizers)) {
    const lists = answers.filter((_, index) => tokenizers[index] === text).map(({ tokens }) => tokens)
    texts.set(text, (await text.decodeAll(lists)).values())
  }
  return tokenizers.map((text) => {
    const { value } = mapGet(texts, text, 'tokenizer').next()
    if (value === undefined) throw new Error('an answer was not decoded')
    return value
  })
}

function doubledNotice(variants: readonly EngineVariant[]): string[] {
  const doubled = variants.flatMap((variant) =>
    variant.kind === 'baseline' && needsBase(variant.baseline) ? [`"${variant.name}"`] : []
  )
  if (doubled.length === 0) return []
  return [`${doubled.join(', ')}: each token is computed by base and by post, twice the work of one model.`]
}

const alikeNotices = (variants: readonly EngineVariant[]): string[] =>
  distinctModels(variants).flatMap(({ indices }) => {
    if (indices.length === 1) return []
    const names = indices.map((index) => `"${elementAt(variants, index, 'variant').name}"`)
    return [
      `${names.join(', ')}: the same model under ${names.length} names. Its answers are made once and stand under each.`
    ]
  })

/** Refuses to continue a run whose models have changed. @throws WorkbenchError `mismatch` */
export function refuseOtherCheckpoints(
  run: { basePath: CheckpointReference; postPath: CheckpointReference },
  pair: SampledPair
): void {
  for (const [member, stored] of [
    ['base', run.basePath],
    ['post', run.postPath]
  ] as const) {
    const { path, fingerprint } = pair[member].checkpoint
    if (fingerprint === stored.fingerprint) continue
    throw mismatchError(
      `The checkpoint in ${path} is not the ${member} that this run was generated with.`,
      'Start a new run.'
    )
  }
}

/** Refuses a prompt that leaves no room for an answer. The error names its number, which the engine does not know. */
function refuseLongPrompts(prompts: readonly (readonly number[])[], { spec }: PairMember): void {
  const { contextLength } = spec
  const tooLong = prompts.findIndex(({ length }) => contextLength !== null && length >= contextLength)
  if (contextLength === null || tooLong === -1) return
  throw inputError(
    `Prompt ${tooLong + 1} becomes ${plural(elementAt(prompts, tooLong, 'prompt').length, 'token')}; ` +
      `post's context window of ${formatCount(contextLength)} leaves no room for an answer.`,
    'Shorten the prompt or the system prompt.'
  )
}

/** A whole model among the variants that sees the same tokens as post. */
interface ComparedModel extends WholeModelTokens {
  member: PairMember
}

/** Checks the tokens of a variant's whole model. @returns null for a variant that uses post's embeddings and head */
async function compareWholeModel(
  variant: EngineVariant,
  pair: SampledPair,
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
): Promise<ComparedModel | null> {
  if (variant.kind === 'post' || variant.kind === 'recipe') return null
  if (variant.kind === 'baseline') return needsBase(variant.baseline) ? compareMixedBase(variant, pair, compare) : null
  const isBase = variant.kind === 'base' || variant.kind === 'few-shot'
  const member = isBase ? pair.base : await openSameOther(pair.post, variant)
  const name = isBase ? 'base' : `"${variant.name}"`
  const compared = await compare({ member, name, isFewShot: variant.kind === 'few-shot' })
  if (compared.unavailable === null) return { member, ...compared }
  throw inputError(
    `The variant "${variant.name}" cannot be sampled. ${compared.unavailable}`,
    isBase ? 'Leave it out: restoring layers of base needs none of this.' : 'Leave it out.'
  )
}

/** Checks the tokens of base for a variant that mixes base's logits with post's. Its answers are tokens of post. */
async function compareMixedBase(
  { name }: EngineVariant,
  pair: SampledPair,
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
): Promise<ComparedModel> {
  const { base, post } = pair
  const { unavailable, notice } = await compare({ member: base, name: 'base' })
  const hasSameSize = base.spec.vocabularySize === post.spec.vocabularySize
  if (unavailable === null && hasSameSize) return { member: base, unavailable, notice, text: null }
  throw inputError(
    `The variant "${name}" needs base's logits beside post's. ` +
      (unavailable ?? 'Base cannot be mixed with post. Its vocabulary has another size.'),
    'Leave it out: restoring layers of base needs none of this.'
  )
}

/**
 * Lists the end tokens of post and of all whole models. If base's vocabulary has post's size, its end tokens count in
 * every run, so that answers do not depend on whether base is a variant.
 */
async function allEndTokens(pair: SampledPair, wholes: readonly ComparedModel[]): Promise<number[]> {
  const tokens = await pairEndTokens(pair, pair.text)
  for (const { member, text } of wholes) tokens.push(...(await endTokens(member.checkpoint, text)))
  return [...new Set(tokens)]
}
