/**
 * Prefixes of the names of decoder tensors in checkpoints, and the canonical prefix `model.` that replaces them. The
 * first match counts, so longer prefixes come before shorter ones.
 */
const DECODER_PREFIXES = [
  ['model.language_model.', 'model.'],
  ['language_model.model.', 'model.'],
  ['model.text_model.', 'model.'],
  ['gpt_neox.', 'model.'],
  // transformers 5 saves Nemotron-H's embeddings so.
  ['backbone.embedding.', 'model.embeddings.'],
  ['backbone.', 'model.'],
  ['transformer.h.', 'model.layers.'],
  ['transformer.', 'model.'],
  ['model.', 'model.']
] as const
const BARE_DECODER_NAME = /^(layers\.\d+\.|embed_tokens\.|norm\.)/

/** Returns a tensor's canonical name: `model.…` in the decoder, `lm_head.weight` for the head, else the stored name. */
export function canonicalTensorName(stored: string): string {
  for (const [prefix, canonical] of DECODER_PREFIXES) {
    if (stored.startsWith(prefix)) return `${canonical}${stored.slice(prefix.length)}`
  }
  if (stored === 'language_model.lm_head.weight') return 'lm_head.weight'
  return BARE_DECODER_NAME.test(stored) ? `model.${stored}` : stored
}
