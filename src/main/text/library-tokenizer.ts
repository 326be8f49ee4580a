import {
  ByteFallbackDecoder,
  ByteLevelPreTokenizer,
  type Decoder,
  type PreTokenizer,
  SequenceDecoder,
  SequencePreTokenizer,
  Tokenizer,
  Unigram
} from '@huggingface/tokenizers'
import { exactPreTokenizer } from './pre-tokenizer'
import type { AddedToken } from './tokenizer-config'

/** The parts of a tokenizer.json that determine the tokens of a text. */
interface TokenizerDefinition {
  readonly pre_tokenizer: unknown
  readonly model: { readonly type: string; readonly byte_fallback?: boolean | null | undefined }
}

/** GPT-2's splitting of text, which ByteLevel implies. JavaScript's `\s` differs from Unicode's white space. */
const BYTE_LEVEL_PARTS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

/**
 * Creates the tokenizer of a tokenizer.json with `@huggingface/tokenizers`, and corrects it to split text as the Rust
 * library `tokenizers` does.
 *
 * @param added tokens that are matched in a text before anything else
 */
export function libraryTokenizer(definition: TokenizerDefinition, added: readonly AddedToken[]): Tokenizer {
  const pre_tokenizer = exactPreTokenizer(definition.pre_tokenizer)
  // The library's config would switch on settings that the reference library takes from tokenizer.json.
  const tokenizer = new Tokenizer({ ...definition, pre_tokenizer, added_tokens: added }, {})
  splitByUnicode(tokenizer.pre_tokenizer)
  keepByteOrderMark(tokenizer.decoder)
  if (tokenizer.model instanceof Unigram && definition.model.byte_fallback === true) {
    spellUnknownByBytes(tokenizer.model)
  }
  return tokenizer
}

function splitByUnicode(part: PreTokenizer | null): void {
  if (part instanceof ByteLevelPreTokenizer) part.pattern = BYTE_LEVEL_PARTS
  if (part instanceof SequencePreTokenizer) for (const inner of part.tokenizers) splitByUnicode(inner)
}

/** Preserves decoded U+FEFF. The library's decoder drops a leading one as a byte order mark. */
function keepByteOrderMark(decoder: Decoder | null): void {
  if (decoder instanceof ByteFallbackDecoder) {
    decoder.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  }
  if (decoder instanceof SequenceDecoder) for (const inner of decoder.decoders) keepByteOrderMark(inner)
}

/**
 * Makes a tokenizer encode unknown characters as tokens of their UTF-8 bytes, if the vocabulary has all byte tokens.
 */
function spellUnknownByBytes(model: Unigram): void {
  const byteTokens = (unknown: string): string[] => {
    const bytes = [...Buffer.from(unknown)].map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    return bytes.every((byte) => model.tokens_to_ids.has(byte)) ? bytes : [unknown]
  }
  model.encode = (parts) =>
    parts.flatMap((part) => {
      const tokens: string[] = []
      let unknown = ''
      for (const piece of model.tokenize(part)) {
        if (!model.tokens_to_ids.has(piece)) {
          unknown += piece
          continue
        }
        if (unknown !== '') tokens.push(...byteTokens(unknown))
        unknown = ''
        tokens.push(piece)
      }
      return unknown === '' ? tokens : [...tokens, ...byteTokens(unknown)]
    })
}
