/** Matches folder names that state a model's role in its pair, but not which model it is. */
const ROLE = /^(base|post|instruct|chat|it|sft|dpo|model|final|main)([-_.](bf16|fp16|fp32|hf))?$/i

/** Reports whether a folder's name states only the model's role in its pair. */
export const isRoleName = (name: string): boolean => ROLE.test(name)

/**
 * Returns a name for a model from its path. In the Hugging Face cache this is the model's name, elsewhere the
 * folder's. If the folder's name states only the model's role in its pair, the parent folder's name is used.
 */
export function modelNameFromPath(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean)
  const cached = parts.findLast((part) => part.startsWith('models--'))
  if (cached !== undefined) return cached.split('--').at(-1) ?? cached
  const [own = path, above] = parts.toReversed()
  return isRoleName(own) && above !== undefined ? above : own
}
