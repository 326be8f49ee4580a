/** Look-ups that throw if there is no value. A default value would turn a defect of the program into a wrong number. */

/**
 * Returns an element of an array.
 * @param what name of an element for the message, such as "prompt"
 * @throws RangeError naming the index if there is no such element
 */
export function elementAt<Value>(array: ArrayLike<Value>, index: number, what: string): Value {
  const value = array[index]
  if (value === undefined) throw new RangeError(`there is no ${what} ${index} among ${array.length}`)
  return value
}

/**
 * Returns the value of a map for a key.
 * @param what name of a value for the message, such as "output"
 * @throws RangeError naming the key if the map does not have it
 */
export function mapGet<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, what: string): Value {
  const value = map.get(key)
  if (value === undefined) throw new RangeError(`there is no ${what} ${String(key)}`)
  return value
}
