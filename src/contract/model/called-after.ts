/** Names of folders that tell only the role of a model in its pair, such as `base` or `post-bf16`. */
const ROLE = /^(base|post|instruct|chat|it|sft|dpo|model|final|main)([-_.](bf16|fp16|fp32|hf))?$/i

export const isRoleName = (name: string): boolean => ROLE.test(name)

/** Returns a name for a model: its folder's name, or the parent folder's if its own names only the role in a pair. */
export function modelNameFromPath(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean)
  // The Hugging Face cache names folders `models--ORGANISATION--MODEL`.
  const cached = parts.findLast((part) => part.startsWith('models--'))
  if (cached !== undefined) return cached.split('--').at(-1) ?? cached
  const [folder = path, parent] = parts.toReversed()
  return isRoleName(folder) && parent !== undefined ? parent : folder
}
