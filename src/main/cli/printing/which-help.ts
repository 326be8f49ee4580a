import type { Command } from 'commander'

const FORMS: readonly (readonly [string, string])[] = [
  ['base, post', 'the models of the pair'],
  ['4-11, 5, 3-7,9', 'post with these layers from base'],
  ['3-7@FOLDER', 'post with these layers from another checkpoint'],
  ['selected', 'selected range of the sweep of the project, after its check'],
  ['NAME', 'a recipe or checkpoint of the project'],
  ['FILE', 'a recipe (JSON or mergekit), or the best of a sweep, check or search'],
  ['blend:0.5', 'post with all layers blended with base: 0 is post, 1 is base'],
  ['FOLDER, org/name@revision', 'another checkpoint of the architecture'],
  ['sampler:1.5,0.02', 'post at a temperature with a min-p'],
  ['mix:0.5', 'logits of post with this share of base'],
  ['filter:0.001', 'base, limited to tokens that post finds likely enough'],
  ['NAME=MODEL@URL', 'an endpoint, which is sent the prompts; NAME=chat:MODEL@URL'],
  ['NAME=FILE', 'answers, or an endpoint in YAML']
]

/** Describes the forms of model names; empty for a command without models. */
export function whichHelp(command: Command): string {
  if (!command.registeredArguments.some((argument) => argument.name() === 'which')) return ''
  const width = Math.max(...FORMS.map(([form]) => form.length))
  return ['', 'WHICH is', ...FORMS.map(([form, model]) => `  ${form.padEnd(width)}  ${model}`)].join('\n')
}
