import { elementAt, mapGet } from '../../../contract/model/look-up'

const PAIR = '--base Llama-3.1-8B --post Llama-3.1-8B-Instruct'

export const EXAMPLES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    sweep: [
      'slr sweep --demo',
      `slr sweep ${PAIR} --out sweep.json`,
      'slr sweep --project my-pair.slr --dry-run',
      'slr sweep --merge part-1.json part-2.json --out sweep.json'
    ],
    check: ['slr check --demo', 'slr check --from sweep.json', 'slr check --from sweep.json 3-9 search.json'],
    search: ['slr search --demo', 'slr search --from sweep.json --out search.json'],
    lineage: [
      'slr lineage base sft dpo rl --out map.csv --out map.html',
      'slr lineage org/model@step1000 org/model@step2000 org/model --dry-run',
      'slr lineage --triage run/checkpoint-100 run/checkpoint-200 run/checkpoint-300'
    ],
    show: [
      'slr show sweep.json --rho 0.8',
      'slr show sweep.json --temperature 1.5 --min-p 0.05',
      'slr show before.json after.json'
    ],
    sample: [
      'slr sample --demo base post 4-11 --prompt "a big box."',
      `slr sample ${PAIR} 8-15 --prompts prompts.txt --paper --out answers.jsonl`,
      'slr sample --demo 4-11 --next --prompt "Pick a letter."'
    ],
    evaluate: [
      'slr evaluate --demo --task demo-open',
      `slr evaluate ${PAIR} base post 8-15 --task open`,
      'slr evaluate --project my-pair.slr selected post --task open'
    ],
    task: [
      'slr task import coverage-qa state_name.json --out coverage.json',
      'slr task import verbalized-sampling poem.txt creative_story.txt joke.txt --out writing.json',
      `slr task filter ${PAIR} --task gsm8k.json --out gsm8k-failed.json`
    ],
    export: [
      'slr export --demo 4-11 --out restored',
      `slr export ${PAIR} sweep.json --out restored`,
      'slr export --project my-pair.slr selected --out restored'
    ],
    serve: [
      'slr serve --demo base post 5-11',
      `slr serve ${PAIR} 8-15 blend:0.5 mix:0.55`,
      'slr serve --demo 5-11 --host 0.0.0.0 --api-key-file key.txt'
    ],
    report: ['slr report my-pair.slr --out report.html'],
    project: [
      `slr project new my-pair.slr ${PAIR}`,
      'slr project list my-pair.slr',
      'slr project name my-pair.slr 1a2b3c4d "as published"',
      'slr project note my-pair.slr 1a2b3c4d "Figure 2 of the paper."',
      'slr project pin my-pair.slr 1a2b3c4d',
      'slr project delete my-pair.slr 1a2b3c4d',
      'slr project restore my-pair.slr 1a2b3c4d'
    ],
    study: [
      'slr study quick.yaml --template quick',
      'slr study quick.yaml --dry-run',
      'slr study quick.yaml'
    ],
    open: ['slr open', 'slr open my-pair.slr --pair Llama', 'slr open --serve --port 8000'],
    inspect: ['slr inspect', `slr inspect ${PAIR}`, 'slr inspect --demo --distances --csv distances.csv'],
    doctor: ['slr doctor']
  })
)

/** Returns the examples of a command, such as `task import`, for its help. */
export function examplesOf(words: string): string {
  const command = elementAt(words.split(' '), 0, 'word')
  const examples = mapGet(EXAMPLES, command, 'examples').filter((example) =>
    `${example} `.startsWith(`slr ${words} `)
  )
  return ['', 'Examples:', ...examples.map((example) => `  ${example}`)].join('\n')
}
