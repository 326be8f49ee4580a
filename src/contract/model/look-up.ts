/** Look-ups that throw if there is no value. A default value would turn a defect of the program into a wrong number. */

/** Returns an element of an array. @param what name of an element in errors @throws RangeError without the element */
export function elementAt<Value>(array: ArrayLike<Value>, index: number, what: string): Value {
  const value = array[index]
  if (value === undefined) throw new RangeError(`there is no ${what} ${index} among ${array.length}`)
  return value
}

/** Returns the entry with an id. @param what name of an entry in errors @throws RangeError without the entry */
export function entryById<Entry extends { readonly id: string }>(
  entries: readonly Entry[],
  id: string,
  what: string
): Entry {
  const entry = entries.find((other) => other.id === id)
  if (entry === undefined) throw new RangeError(`there is no ${what} ${id}`)
  return entry
}

/** Returns the value of a key in a map. @param what name of a value in errors @throws RangeError without the key */
export function mapGet<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, what: string): Value {
  const value = map.get(key)
  if (value === undefined) throw new RangeError(`there is no ${what} ${String(key)}`)
  return value
}
