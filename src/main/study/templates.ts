import { stringify } from 'yaml'
import { showDirectionCharacters } from '../../contract/words/direction-characters'

/** Study files that `slr study --template` writes. */
export const TEMPLATES = ['paper', 'quick'] as const
export type TemplateName = (typeof TEMPLATES)[number]

/** Returns the YAML line of a study's name. The name of a file or project may have line breaks, a study's may not. */
const nameLine = (name: string): string =>
  stringify({ name: showDirectionCharacters(name.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')) }, { lineWidth: 0 }).trimEnd()

/** Returns a study of the demo pair that takes about a minute. @param name name of the study */
export const quickTemplate = (name: string): string => `\
# A small study of the built-in demo pair. Run it with: slr study FILE
# docs/batch.md lists all fields.
${nameLine(name)}

pairs:
  - demo

# Every restoration range, on the character task.
sweep:
  task: crc
  uniform-blends: 21 # blends of all layers alike, beside the ranges; 0 for none
  rho: 0.9 # share of post's validity that a range must keep

# Number of the best ranges that are checked on full answers.
check: 5

# Evaluated models: selected is the range that the sweep selects. baselines are the best blend, sampler, logit mix
# and filter by the same rule. They restore no layer.
variants:
  - base
  - post
  - selected
  - baselines

tasks:
  - task: demo-names
    n: 8 # answers per prompt and variant
    # prompts: 6 # only the first so many of the task
`

/** Tasks of the paper, from published files. */
const PAPER_TASKS = `
tasks:
  - import: verbalized-sampling
    file: [poem.txt, creative_story.txt, joke.txt] # each file is a category
    n: 32
    prompting: [verbalized-sampling] # asks every variant by it too, for the interaction with restored layers
    # A judge scores the answers, which are sent to it:
    # judge: {url: https://api.example.org/v1, model: gemini-2.5-pro, key: OPENAI_API_KEY, rate: 600}
  - import: coverage-qa
    file: state_name.json
    sweep: true # also scores all ranges by this task, so that the report correlates both orders
    n: 128
  - import: gsm8k
    file: test.jsonl
    failed-by-post: 100 # only problems that greedy decoding of post fails
    n: 64
`

/** Returns the paper's study for a pair of the user. @param name name of the study */
export const paperTemplate = (name: string): string => `\
# The study of Selective Layer Restoration (arXiv 2602.06665): for each pair all restoration ranges on the character
# task, the selected one with its baselines and controls on three tasks, and one report.
# The plan, with its time and all data that would leave this machine:   slr study FILE --dry-run
# Run it, or continue it:                                               slr study FILE
# docs/batch.md lists all fields.
${nameLine(name)}

# Prompts of the tasks, which are not part of this program. Put these files beside this one:
#   github.com/CHATS-lab/verbalized-sampling, folder data: poem.txt, creative_story.txt, joke.txt, state_name.json
#   github.com/openai/grade-school-math, folder grade_school_math/data: test.jsonl

# Folders, relative to this file, or names in the Hugging Face cache.
pairs:
  - name: Llama 3.1 8B
    base: meta-llama/Llama-3.1-8B
    post: meta-llama/Llama-3.1-8B-Instruct
    # system: You are a helpful assistant.
    # template-argument: {enable_thinking: false}
    # Another engine may answer for a model (docs/answers.md). Prompts are sent to it.
    # variants:
    #   - endpoint: restored=slr-8b@http://localhost:8000/v1
    #     endpoint-key: SLR_ENDPOINT_API_KEY
    #   - answers: other=answers.jsonl

# device: auto # of sweeps
# memory: 24GiB # of the engine, while it sweeps
# Answers and their measures. Without an embedding model, hidden states of post are compared.
# evaluate:
#   device: webgpu # otherwise the CPU generates the answers
#   embedding-model: all-mpnet-base-v2 # a folder from huggingface.co/sentence-transformers, with its onnx folder

sweep:
  # source: ../sft # another checkpoint that layers are restored to, in place of base
  uniform-blends: 21 # blends of all layers alike, beside the ranges
  rho: 0.9 # share of post's validity that a range must keep

# Number of the best ranges that are checked on full answers.
check: 5

variants:
  - base
  - post
  - selected # the range that the sweep selects
  - baselines # the best uniform blend, sampler, logit mix and filter of the same sweep
  - controls # ranges of the same length: the earliest, the latest and the middle one
  # - restore: 8-15 # or 8-15@../sft, layers of another checkpoint

# Each variant under each of these; the first keeps the names as they are.
samplers:
  - temperature: 1
    min-p: 0.1
  # - temperature: 1.5
  #   min-p: 0.1
${PAPER_TASKS}`
