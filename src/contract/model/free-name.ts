/** Returns the wanted name, or the first unused numbered one. Sweeps and samples report models by name. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted} (${number})`
  return name
}

export function freeTaskId(wanted: string, takenIds: readonly string[]): string {
  let id = wanted
  // An id has at most 64 characters.
  for (let number = 2; takenIds.includes(id); number += 1) id = `${wanted.slice(0, 59)}-${number}`
  return id
}
