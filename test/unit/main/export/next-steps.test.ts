import { expect, it } from 'vitest'
import { nextSteps } from '../../../../src/main/export/next-steps'

it('says how to serve a written model, under which name and where it then answers', () => {
  const steps = nextSteps("/models/Ada's 8B", 'BF16', ['tokenizer.json'])
  const served = steps.flatMap(({ tool, command, serves }) =>
    serves === undefined ? [] : [{ tool, command, ...serves }]
  )
  expect(served).toMatchObject([
    {
      tool: 'vLLM',
      command: "vllm serve '/models/Ada'\\''s 8B' --served-model-name 'Ada'\\''s 8B'",
      baseUrl: 'http://localhost:8000/v1',
      model: "Ada's 8B",
      through: 'completions'
    },
    { tool: 'SGLang', baseUrl: 'http://localhost:30000/v1' },
    {
      tool: 'llama.cpp (server, of the GGUF)',
      command: "llama-server --model '/models/Ada'\\''s 8B.gguf' --alias 'Ada'\\''s 8B' --port 8080"
    },
    {
      tool: 'Ollama (of the GGUF)',
      command:
        "printf '%s\\n' 'FROM /models/Ada'\\''s 8B.gguf' 'PARAMETER top_k 1000000' 'PARAMETER min_p 0' 'PARAMETER repeat_penalty 1' > Modelfile && ollama create ada-s-8b -f Modelfile",
      model: 'ada-s-8b:latest',
      through: 'chat'
    }
  ])
})

it('advises nothing that takes text where there is no tokenizer', () => {
  expect(nextSteps('/models/bare', 'F32', ['generation_config.json'])).toEqual([
    {
      tool: expect.stringMatching(/no tokenizer/),
      command: expect.stringMatching(/AutoModelForCausalLM/)
    }
  ])
  expect(nextSteps('/models/old', 'F32', ['tokenizer.model']).length).toBeGreaterThan(1)
})
