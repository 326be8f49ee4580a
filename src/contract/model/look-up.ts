/*
 * Look-ups that must hit. A default in their place would turn a mistake of the program into a wrong number.
 */

/**
 * An element of an array.
 *
 * @param what an element is, such as "prompt", for the message
 * @throws RangeError naming the index when there is none
 */
export function at<Value>(array: ArrayLike<Value>, index: number, what: string): Value {
  const value = array[index]
  if (value === undefined) throw new RangeError(`there is no ${what} ${index} among ${array.length}`)
  return value
}

/**
 * What a map has for a key.
 *
 * @param what a value is, such as "output", for the message
 * @throws RangeError naming the key when there is none
 */
export function got<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, what: string): Value {
  const value = map.get(key)
  if (value === undefined) throw new RangeError(`there is no ${what} ${String(key)}`)
  return value
}
