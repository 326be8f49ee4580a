/** The wanted name, or the first numbered one that is not taken: sweeps and samples report models by name. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted} (${number})`
  return name
}
