import { basename, join } from 'node:path'
import type { NextStep } from '../../contract/procedures/export'
import type { StoredDtype } from '../checkpoint/dtype'

const GGUF_TYPES: Readonly<Partial<Record<StoredDtype, string>>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' }

/**
 * Commands that use an exported folder with what people commonly run.
 *
 * @param dtype that most of its weights are stored in
 */
export function nextSteps(folder: string, dtype: StoredDtype): NextStep[] {
  const python = `from transformers import pipeline; print(pipeline("text-generation", ${JSON.stringify(folder)})([{"role": "user", "content": "Name a colour."}])[0]["generated_text"])`
  const gguf = join(folder, '..', `${basename(folder)}.gguf`)
  return [
    { tool: 'transformers', command: `python -c ${shellWord(python)}` },
    { tool: 'vLLM', command: `vllm serve ${shellWord(folder)}` },
    {
      tool: 'llama.cpp (GGUF)',
      command: `python convert_hf_to_gguf.py ${shellWord(folder)} --outfile ${shellWord(gguf)} --outtype ${GGUF_TYPES[dtype] ?? 'auto'}`
    }
  ]
}

/** The command that removes a folder. */
export function removalCommand(folder: string): string {
  return `rm -r ${shellWord(folder)}`
}

/** One word to a POSIX shell, whatever it holds. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
