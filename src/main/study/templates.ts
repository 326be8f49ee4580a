import { stringify } from 'yaml'
import { turnsShown } from '../../contract/words/turned-text'

/** Studies that `--template` writes. */
export const TEMPLATES = ['paper', 'quick'] as const
export type TemplateName = (typeof TEMPLATES)[number]

/** Returns the YAML line of a study's name. The name of a file or project may have line breaks, a study's may not. */
const nameLine = (name: string): string =>
  stringify({ name: turnsShown(name.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')) }, { lineWidth: 0 }).trimEnd()

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

# What is evaluated: selected is the range that the sweep selects, baselines are what the same rule takes of
# blends, samplers, mixed logits and filters, which restore no layer.
variants:
  - base
  - post
  - selected
  - baselines

tasks:
  - task: demo-open
    n: 8 # answers per prompt and variant
    # prompts: 6 # only the first so many of the task
`

/** Returns the paper's study for a pair of the user. @param name name of the study */
export const paperTemplate = (name: string): string => `\
# The study of Selective Layer Restoration (arXiv 2602.06665): of each pair all restoration ranges on the character
# task, the one that the rule selects, its baselines and controls, on three tasks, with intervals, tests and cost.
# See what it would take, and what would leave this machine:   slr study FILE --dry-run
# Run it; it goes on where it was stopped:                      slr study FILE
# docs/batch.md lists all fields.
${nameLine(name)}

# Folders, told from that of this file, or names in the Hugging Face cache.
pairs:
  - name: Llama 3.1 8B
    base: meta-llama/Llama-3.1-8B
    post: meta-llama/Llama-3.1-8B-Instruct
    # system: You are a helpful assistant.
    # template-argument: {enable_thinking: false}
    # Generating is the expensive part: an engine made for it may do it (docs/answers.md). Its answers stand beside, or
    # in place of, those of this program. Prompts are sent there.
    # variants:
    #   - endpoint: restored=slr-8b@http://localhost:8000/v1
    #     endpoint-key: SLR_ENDPOINT_API_KEY
    #   - answers: other=answers.jsonl

# device: auto # of sweeps
# memory: 24GiB # of the engine, while it sweeps
# evaluate: { device: webgpu } # otherwise the CPU makes the answers

sweep:
  # source: ../sft # another checkpoint that layers are restored to, in place of base
  # prompts: prompts.json # a prompt set of one's own; or task: TASK, to score by a task's listed answers
  uniform-blends: 21 # blends of all layers alike, beside the ranges
  rho: 0.9 # share of post's validity that a range must keep

# Number of the best ranges that are checked on full answers.
check: 5

variants:
  - base
  - post
  - selected # the range that the sweep selects
  - baselines # what the same rule takes of blends, samplers, mixed logits and filters
  - controls # ranges of the same length: the earliest, the latest and the middle one
  # - restore: 8-15 # or 8-15@../sft, layers of another checkpoint
  # - blend: 0.5 # or baseline: mix:0.5

# Each variant under each of these; the first keeps the names as they are.
samplers:
  - temperature: 1
    min-p: 0.1
  # - temperature: 1.5
  #   min-p: 0.1

# The built-in tasks, or files of your own.
tasks:
  - task: creative # 100 writing prompts in the paper
    n: 32
  - task: open # 40 questions with many right answers in the paper
    n: 128
  - task: reasoning # 100 problems of GSM8K in the paper
    n: 64
`
