import type { TextModel } from '../../text/text-model'
import { withTimeLimit } from '../../base/time-limit'
import { at, got } from '../../base/look-up'

/** A vocabulary of 256,000 takes about half a second. */
const TIME_LIMIT_MS = 60_000
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
 */
export function characterGroups(
  text: TextModel,
  context: readonly number[],
  valid: readonly string[],
  countLeadingSpace: boolean
): CharacterGroups {
  return withTimeLimit(TIME_LIMIT_MS, `Decoding with the tokenizer of ${text.folder}`, () => {
    const candidates = candidatesOf(text)
    const before = text.decode(context)
    const adds = (token: number, character: string): boolean => {
      const after = text.decode([...context, token])
      if (!after.startsWith(before)) return false
      const added = after.slice(before.length)
      return countLeadingSpace ? endsAfterSpace(added, character) : added === character
    }
    const groups = valid.map((character) =>
      (candidates.get(character) ?? []).filter((token) => adds(token, character))
    )
    return { groups, unreachable: valid.filter((_, index) => at(groups, index, 'character').length === 0) }
  })
}

/** Tokens that count as an answer each, as the engine is asked about answers: sequences of one token. */
export function singleTokens(groups: readonly (readonly number[])[]): number[][][] {
  return groups.map((tokens) => tokens.map((token) => [token]))
}

const candidateCache = new WeakMap<TextModel, Map<string, number[]>>()

/**
 * Tokens by the character they may add. What a token adds depends on the context only in white space: decoders strip
 * it at the start of a text or put it between words. So one pass over the vocabulary behind an ordinary letter finds
 * every token whose addition is that character, alone or after white space; the real context then decides.
 */
function candidatesOf(text: TextModel): Map<string, number[]> {
  const cached = candidateCache.get(text)
  if (cached !== undefined) return cached
  const anchor = anchorOf(text)
  const before = text.decode(anchor)
  const candidates = new Map<string, number[]>()
  for (const token of text.textTokens) {
    const after = text.decode([...anchor, token])
    if (!after.startsWith(before)) continue
    const added = after.slice(before.length)
    const character = lastCharacter(added)
    if (character === REPLACEMENT_CHARACTER || !endsAfterSpace(added, character)) continue
    const tokens = candidates.get(character)
    if (tokens === undefined) candidates.set(character, [token])
    else tokens.push(token)
  }
  candidateCache.set(text, candidates)
  return candidates
}

/** The tokens that add nothing but white space behind a character, those with the shortest text first. */
export function whiteSpaceTokens(text: TextModel): number[] {
  return withTimeLimit(TIME_LIMIT_MS, `Decoding with the tokenizer of ${text.folder}`, () => {
    const tokens = [...candidatesOf(text)].flatMap(([character, added]) =>
      character.trim() === '' ? added : []
    )
    const lengths = new Map(tokens.map((token) => [token, text.decode([token]).length]))
    return tokens.sort((a, b) => got(lengths, a, 'token') - got(lengths, b, 'token') || a - b)
  })
}

/** A token that decodes to one letter, to stand for "some text before"; none in a vocabulary without letters. */
function anchorOf(text: TextModel): number[] {
  const letter = text.textTokens.find((token) => /^\p{L}$/u.test(text.decode([token])))
  return letter === undefined ? [] : [letter]
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
