const MODELS_NAMED = 10

/** Describes a server that does not list the named model, as a part of a sentence. */
export function servesOthers(model: string, listed: readonly string[]): string {
  const names = listed.length === 0 ? 'none' : listed.slice(0, MODELS_NAMED).join(', ')
  return `serves no model "${model}": it lists ${names}${listed.length > MODELS_NAMED ? ', …' : ''}`
}
