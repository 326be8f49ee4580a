/** Returns the fields that are not undefined, for changes of some fields and for JSON, which has no undefined. */
export const definedFields = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
