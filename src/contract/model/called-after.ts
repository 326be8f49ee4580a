/** Names of folders that tell only the role of a model in its pair, such as `base` or `post-bf16`. */
const ROLE = /^(base|post|instruct|chat|it|sft|dpo|model|final|main)([-_.](bf16|fp16|fp32|hf))?$/i

export const isRoleName = (name: string): boolean => ROLE.test(name)

/** Returns a name for a model from its path, of the parent folder if the folder names only the role in a pair. */
export function modelNameFromPath(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean)
  const cached = parts.findLast((part) => part.startsWith('models--'))
  if (cached !== undefined) return cached.split('--').at(-1) ?? cached
  const [own = path, above] = parts.toReversed()
  return isRoleName(own) && above !== undefined ? above : own
}
