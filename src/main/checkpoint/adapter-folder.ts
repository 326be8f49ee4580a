import { WorkbenchError } from '../../contract/model/problem'

/** Matches the names of an adapter's files, as PEFT writes them. */
const ADAPTER_FILE = /^adapter_(?:config\.json|model\.(?:safetensors|bin))$/

/** Advice for an adapter: merged with its base model, it is an ordinary model folder. */
const MERGE_ADVICE =
  "Merge it into its base model with PEFT's merge_and_unload, save model and tokenizer with save_pretrained, " +
  'and choose that folder.'

/**
 * Describes a folder that contains an adapter instead of a whole model.
 *
 * @param names the names of its files
 * @returns null for a folder without an adapter's files
 */
export function adapterProblem(folder: string, names: readonly string[]): WorkbenchError | null {
  const file = names.find((name) => ADAPTER_FILE.test(name))
  if (file === undefined) return null
  return new WorkbenchError(
    'unsupported',
    `${folder} is a PEFT adapter such as a LoRA, not a whole model: it holds ${file}.`,
    MERGE_ADVICE
  )
}
