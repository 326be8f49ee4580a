import { basename, join } from 'node:path'
import type { NextStep } from '../../contract/procedures/export'
import { Endpoint } from '../../contract/model/external-model'
import { shellWord } from '../../contract/words/shell-word'
import type { StoredDtype } from '../checkpoint/dtype'

const GGUF_TYPES: Readonly<Partial<Record<StoredDtype, string>>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' }

/** Parameters that make Ollama sample from all tokens, because OpenAI-style requests cannot (its docs/modelfile.md). */
const OLLAMA_DRAWS_ALL = ['PARAMETER top_k 1000000', 'PARAMETER min_p 0', 'PARAMETER repeat_penalty 1']

/** Files that hold a tokenizer for the programs below. */
const TOKENIZERS = ['tokenizer.json', 'tokenizer.model', 'tekken.json', 'vocab.json', 'vocab.txt']

/**
 * Lists commands with which other programs load an exported model.
 *
 * @param dtype dtype of most weights
 * @param files names of the files that were copied from post
 */
export function nextSteps(folder: string, dtype: StoredDtype, files: readonly string[]): NextStep[] {
  if (!files.some((name) => TOKENIZERS.includes(name))) {
    const python =
      'from transformers import AutoModelForCausalLM; ' +
      `print(AutoModelForCausalLM.from_pretrained(${JSON.stringify(folder)}))`
    return [{ tool: NO_TOKENIZER, command: `python -c ${shellWord(python)}` }]
  }
  const python =
    `from transformers import pipeline; print(pipeline("text-generation", ${JSON.stringify(folder)})` +
    '([{"role": "user", "content": "Name a colour."}])[0]["generated_text"])'
  const gguf = join(folder, '..', `${basename(folder)}.gguf`)
  const name = basename(folder)
  // Name that Ollama accepts. Ollama lists every model with a tag.
  const ollama = name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-')
  return [
    { tool: 'transformers', command: `python -c ${shellWord(python)}` },
    {
      tool: 'vLLM',
      command: `vllm serve ${shellWord(folder)} --served-model-name ${shellWord(name)}`,
      serves: served('http://localhost:8000/v1', name, 'completions')
    },
    {
      tool: 'SGLang',
      command:
        `python -m sglang.launch_server --model-path ${shellWord(folder)} ` + `--served-model-name ${shellWord(name)}`,
      serves: served('http://localhost:30000/v1', name, 'completions')
    },
    {
      tool: 'llama.cpp (GGUF)',
      command:
        `python convert_hf_to_gguf.py ${shellWord(folder)} --outfile ${shellWord(gguf)} ` +
        `--outtype ${GGUF_TYPES[dtype] ?? 'auto'}`
    },
    {
      tool: 'llama.cpp (server, of the GGUF)',
      command: `llama-server --model ${shellWord(gguf)} --alias ${shellWord(name)} --port 8080`,
      serves: served('http://localhost:8080/v1', name, 'completions')
    },
    {
      tool: 'Ollama (of the GGUF)',
      command:
        `printf '%s\\n' ${[`FROM ${gguf}`, ...OLLAMA_DRAWS_ALL].map(shellWord).join(' ')} > Modelfile ` +
        `&& ollama create ${ollama} -f Modelfile`,
      serves: served('http://localhost:11434/v1', `${ollama}:latest`, 'chat')
    },
    { tool: 'LM Studio (of the GGUF)', command: `lms import ${shellWord(gguf)} && lms server start` }
  ]
}

/** Lists commands that load an exported adapter on its base. @param rank the largest rank of its modules */
export function adapterSteps(folder: string, base: string, rank: number): NextStep[] {
  const python =
    'from peft import AutoPeftModelForCausalLM; ' +
    `print(AutoPeftModelForCausalLM.from_pretrained(${JSON.stringify(folder)}))`
  const name = basename(folder)
  const gguf = join(folder, '..', `${name}.gguf`)
  return [
    { tool: 'PEFT', command: `python -c ${shellWord(python)}` },
    {
      tool: 'vLLM',
      command:
        `vllm serve ${shellWord(base)} --enable-lora --max-lora-rank ${vllmRank(rank)} ` +
        `--lora-modules ${shellWord(`${name}=${folder}`)}`,
      serves: served('http://localhost:8000/v1', name, 'completions')
    },
    {
      tool: 'llama.cpp (GGUF)',
      command:
        `python convert_lora_to_gguf.py ${shellWord(folder)} --base ${shellWord(base)} ` +
        `--outfile ${shellWord(gguf)}`
    },
    {
      tool: 'llama.cpp (server; requests set "lora": [{"id": 0, "scale": 0.5}])',
      command: `llama-server --model ${shellWord(`${basename(base)}.gguf`)} --lora ${shellWord(gguf)} --port 8080`,
      serves: served('http://localhost:8080/v1', name, 'completions')
    }
  ]
}

/** Returns the option `--max-lora-rank` of vLLM for an adapter of this rank: the smallest allowed value. */
const vllmRank = (rank: number): number => [8, 16, 32, 64, 128, 256, 320].find((limit) => limit >= rank) ?? 512

const NO_TOKENIZER = 'transformers (loads the weights only, because post has no tokenizer)'

/** Describes an endpoint on this machine, at the default port of its server. */
const served = (baseUrl: string, model: string, through: Endpoint['through']): Endpoint =>
  Endpoint.parse({ baseUrl, model, through })

export function removalCommand(folder: string): string {
  return `rm -r ${shellWord(folder)}`
}
