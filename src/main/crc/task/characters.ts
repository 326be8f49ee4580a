import { decodeOne, type TextModel } from '../../text/text-model'
import { at, got } from '../../../contract/model/look-up'

/** What a decoder writes for bytes that are no whole character yet. */
const REPLACEMENT_CHARACTER = '\uFFFD'

export interface CharacterGroups {
  /** For each valid character the tokens that add exactly it, ascending. */
  groups: number[][]
  /** Valid characters that no single token adds here. */
  unreachable: string[]
}

/**
 * The tokens that add exactly one valid character to a context: those for which decode(context + token) is
 * decode(context) followed by the character (design, "CRC"). A special token adds nothing.
 *
 * @param context token ids the answer follows
 * @param countLeadingSpace also count tokens that add white space and then the character
 * @throws WorkbenchError `bad-file` when the tokenizer does not work, or takes too long
 */
export async function characterGroups(
  text: TextModel,
  context: readonly number[],
  valid: readonly string[],
  countLeadingSpace: boolean
): Promise<CharacterGroups> {
  const found = await candidatesOf(text)
  const candidates = valid.map((character) => found.get(character) ?? [])
  const tokens = [...new Set(candidates.flat())]
  const added = await addedBehind(text, context, tokens)
  const adds = (token: number, character: string): boolean => {
    const more = got(added, token, 'token')
    if (more === null) return false
    return countLeadingSpace ? endsAfterSpace(more, character) : more === character
  }
  const groups = valid.map((character, index) =>
    at(candidates, index, 'character').filter((token) => adds(token, character))
  )
  return { groups, unreachable: valid.filter((_, index) => at(groups, index, 'character').length === 0) }
}

/** What each token adds to a context; null where it changes what was there. */
async function addedBehind(
  text: TextModel,
  context: readonly number[],
  tokens: readonly number[]
): Promise<Map<number, string | null>> {
  const before = await decodeOne(text, context)
  const after = await text.decodeBehind(context, tokens)
  return new Map(
    tokens.map((token, index) => {
      const whole = at(after, index, 'token')
      return [token, whole.startsWith(before) ? whole.slice(before.length) : null]
    })
  )
}

/** Tokens that count as an answer each, as the engine is asked about answers: sequences of one token. */
export function singleTokens(groups: readonly (readonly number[])[]): number[][][] {
  return groups.map((tokens) => tokens.map((token) => [token]))
}

/** Tokens looked at in one go: 256,000 would hold everything else up. */
const PASS = 16_384

const candidateCache = new WeakMap<TextModel, Promise<Map<string, number[]>>>()

/**
 * Tokens by the character they may add. What a token adds depends on the context only in white space: decoders strip
 * it at the start of a text or put it between words. So one pass over the vocabulary behind an ordinary letter finds
 * every token whose addition is that character, alone or after white space; the real context then decides.
 */
function candidatesOf(text: TextModel): Promise<Map<string, number[]>> {
  const known = candidateCache.get(text)
  if (known !== undefined) return known
  const found = findCandidates(text)
  candidateCache.set(text, found)
  // It may have been too slow this once.
  found.catch(() => candidateCache.delete(text))
  return found
}

async function findCandidates(text: TextModel): Promise<Map<string, number[]>> {
  const candidates = new Map<string, number[]>()
  const anchor = await anchorOf(text)
  for (let first = 0; first < text.textTokens.length; first += PASS) {
    const some = text.textTokens.slice(first, first + PASS)
    for (const [token, added] of await addedBehind(text, anchor, some)) {
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

/** The tokens that add nothing but white space behind a character, those with the shortest text first. */
export async function whiteSpaceTokens(text: TextModel): Promise<number[]> {
  const tokens = [...(await candidatesOf(text))].flatMap(([character, added]) =>
    character.trim() === '' ? added : []
  )
  const texts = await text.decodeBehind([], tokens)
  const lengths = new Map(tokens.map((token, index) => [token, at(texts, index, 'token').length]))
  return tokens.sort((a, b) => got(lengths, a, 'token') - got(lengths, b, 'token') || a - b)
}

/** A token that decodes to one letter, to stand for "some text before"; none in a vocabulary without letters. */
async function anchorOf(text: TextModel): Promise<number[]> {
  for (let first = 0; first < text.textTokens.length; first += PASS) {
    const tokens = text.textTokens.slice(first, first + PASS)
    const texts = await text.decodeBehind([], tokens)
    const letter = texts.findIndex((decoded) => /^\p{L}$/u.test(decoded))
    if (letter !== -1) return [at(tokens, letter, 'token')]
  }
  return []
}

/** Whether `added` is the character after nothing but white space. */
function endsAfterSpace(added: string, character: string): boolean {
  return character !== '' && added.endsWith(character) && added.slice(0, -character.length).trim() === ''
}

/** The last code point; empty for an empty text. */
function lastCharacter(text: string): string {
  const last = text.codePointAt(text.length - 1)
  if (last === undefined) return ''
  const isLowSurrogate = last >= 0xdc00 && last <= 0xdfff
  return isLowSurrogate ? text.slice(-2) : text.slice(-1)
}
