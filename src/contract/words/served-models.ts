/** Models of a server that are named in a message. */
const MODELS_NAMED = 10

/** That a server lists models, but not the one that is named, without the sentence's beginning and end. */
export const servesOthers = (model: string, listed: readonly string[]): string =>
  `serves no model "${model}": it lists ${listed.length === 0 ? 'none' : listed.slice(0, MODELS_NAMED).join(', ')}${listed.length > MODELS_NAMED ? ', …' : ''}`
