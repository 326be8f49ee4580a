import { decodeOne, type TextModel } from '../../text/text-model'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** Decoders write this character for bytes that form no complete character yet. */
const REPLACEMENT_CHARACTER = '\uFFFD'

/** Tokens with which a model can answer each valid character of a prompt. */
interface CharacterGroups {
  /** Token ids that add exactly the character, ascending, for each valid character. */
  groups: number[][]
  /** Valid characters that no single token adds here. */
  unreachable: string[]
}

/**
 * Finds the tokens that add exactly one valid character to a context, see docs/methods.md.
 * @param context tokens of the prompt.
 * @param countLeadingSpace true if tokens that add white space and then the character also count.
 * @throws WorkbenchError `bad-file` if the tokenizer does not work or takes too long
 */
export async function characterGroups(
  text: TextModel,
  context: readonly number[],
  valid: readonly string[],
  countLeadingSpace: boolean
): Promise<CharacterGroups> {
  const byCharacter = await candidatesOf(text)
  const candidates = valid.map((character) => byCharacter.get(character) ?? [])
  const tokens = [...new Set(candidates.flat())]
  const added = await addedBehind(text, context, tokens)
  const adds = (token: number, character: string): boolean => {
    const addedText = mapGet(added, token, 'token')
    if (addedText === null) return false
    return countLeadingSpace ? endsAfterSpace(addedText, character) : addedText === character
  }
  const groups = valid.map((character, index) =>
    elementAt(candidates, index, 'character').filter((token) => adds(token, character))
  )
  return { groups, unreachable: valid.filter((_, index) => elementAt(groups, index, 'character').length === 0) }
}

/** Decodes the text that each token adds to a context; null for a token that changes the text before it. */
async function addedBehind(
  text: TextModel,
  context: readonly number[],
  tokens: readonly number[]
): Promise<Map<number, string | null>> {
  const before = await decodeOne(text, context)
  const after = await text.decodeBehind(context, tokens)
  return new Map(
    tokens.map((token, index) => {
      const whole = elementAt(after, index, 'token')
      return [token, whole.startsWith(before) ? whole.slice(before.length) : null]
    })
  )
}

/** Wraps each token as a sequence of one token, the form in which the engine takes answers. */
export function singleTokens(groups: readonly (readonly number[])[]): number[][][] {
  return groups.map((tokens) => tokens.map((token) => [token]))
}

/** Number of tokens decoded per call. A whole vocabulary of 256,000 tokens would block all other work. */
const BATCH_TOKENS = 16_384

const candidateCache = new WeakMap<TextModel, Promise<Map<string, number[]>>>()

/**
 * Maps each character to the tokens that add it behind a letter. The text that a token adds may depend on the context,
 * so callers test the candidates in their own context.
 */
function candidatesOf(text: TextModel): Promise<Map<string, number[]>> {
  const cached = candidateCache.get(text)
  if (cached !== undefined) return cached
  const candidates = findCandidates(text)
  candidateCache.set(text, candidates)
  // A failure is not cached: the tokenizer may only have been too slow this time.
  candidates.catch(() => candidateCache.delete(text))
  return candidates
}

async function findCandidates(text: TextModel): Promise<Map<string, number[]>> {
  const candidates = new Map<string, number[]>()
  const anchor = await anchorOf(text)
  for (let first = 0; first < text.textTokens.length; first += BATCH_TOKENS) {
    const tokenBatch = text.textTokens.slice(first, first + BATCH_TOKENS)
    for (const [token, added] of await addedBehind(text, anchor, tokenBatch)) {
      if (added === null) continue
      const character = lastCharacter(added)
      if (character === REPLACEMENT_CHARACTER || !endsAfterSpace(added, character)) continue
      const tokens = candidates.get(character)
      if (tokens === undefined) candidates.set(character, [token])
      else tokens.push(token)
    }
  }
  return candidates
}

/** Lists the tokens that add only white space behind a character, shortest text first. */
export async function whiteSpaceTokens(text: TextModel): Promise<number[]> {
  const tokens = [...(await candidatesOf(text))].flatMap(([character, added]) => (character.trim() === '' ? added : []))
  const texts = await text.decodeBehind([], tokens)
  const lengths = new Map(tokens.map((token, index) => [token, elementAt(texts, index, 'token').length]))
  return tokens.sort((a, b) => mapGet(lengths, a, 'token') - mapGet(lengths, b, 'token') || a - b)
}

/** Finds a token that decodes to one letter, used as a neutral context. Empty for a vocabulary without letters. */
async function anchorOf(text: TextModel): Promise<number[]> {
  for (let first = 0; first < text.textTokens.length; first += BATCH_TOKENS) {
    const tokens = text.textTokens.slice(first, first + BATCH_TOKENS)
    const texts = await text.decodeBehind([], tokens)
    const letter = texts.findIndex((decoded) => /^\p{L}$/u.test(decoded))
    if (letter !== -1) return [elementAt(tokens, letter, 'token')]
  }
  return []
}

/** Tests that `added` is the character, optionally preceded by white space. */
function endsAfterSpace(added: string, character: string): boolean {
  return character !== '' && added.endsWith(character) && added.slice(0, -character.length).trim() === ''
}

/** Returns the last code point, or an empty string for an empty text. */
function lastCharacter(text: string): string {
  const last = text.codePointAt(text.length - 1)
  if (last === undefined) return ''
  const isLowSurrogate = last >= 0xdc00 && last <= 0xdfff
  return isLowSurrogate ? text.slice(-2) : text.slice(-1)
}
