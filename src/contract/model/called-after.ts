/** What a folder is called that says what a model is in its pair, but not which model it is. */
const ROLE = /^(base|post|instruct|chat|it|sft|dpo|model|final|main)([-_.](bf16|fp16|fp32|hf))?$/i

/** Whether a folder's name says only what the model is in its pair. */
export const saysOnlyRole = (name: string): boolean => ROLE.test(name)

/**
 * What a model is called by where it lies, for what is named after it: the model's own name in the Hugging Face cache, else the folder's, or that of
 * the folder above where its own says only what the model is in its pair.
 */
export function calledAfter(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean)
  const cached = parts.findLast((part) => part.startsWith('models--'))
  if (cached !== undefined) return cached.split('--').at(-1) ?? cached
  const [own = path, above] = parts.toReversed()
  return saysOnlyRole(own) && above !== undefined ? above : own
}
