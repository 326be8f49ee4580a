import { elementAt, mapGet } from '../../../contract/model/look-up'

const PAIR = '--base Llama-3.1-8B --post Llama-3.1-8B-Instruct'

/** What each command is most often called with, as its help shows it. */
export const EXAMPLES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    pairs: ['slr pairs', 'slr pairs --in ~/models --json'],
    inspect: [`slr inspect ${PAIR}`, `slr inspect ${PAIR} --values`],
    diff: ['slr diff --demo', `slr diff ${PAIR} --csv > distances.csv`],
    probe: [
      'slr probe --demo --prompt "Pick a letter." --restore 4-11',
      `slr probe ${PAIR} --model base --tokens 1,2,3`
    ],
    plan: [`slr plan ${PAIR}`, `slr plan ${PAIR} --memory 6GiB`],
    sweep: [
      'slr sweep --demo',
      `slr sweep ${PAIR} --out sweep.json`,
      'slr sweep --project my-pair.slr --uniform-blends'
    ],
    whatif: [
      'slr whatif sweep.json --rho 0.8',
      'slr whatif sweep.json --temperature 1.5 --min-p 0.05',
      'slr whatif task-sweep.json --draws 100'
    ],
    compare: ['slr compare before.json after.json', 'slr compare llama.json qwen.json --rho 0.9 --json'],
    check: ['slr check --demo', 'slr check --from sweep.json', 'slr check --project my-pair.slr'],
    search: ['slr search --demo', 'slr search --from sweep.json --out search.json'],
    merge: ['slr merge part-1.json part-2.json --out sweep.json'],
    sample: [
      'slr sample --demo --prompt "a big box." --model base --model post --restore 4-11',
      `slr sample ${PAIR} --prompts prompts.txt --restore 8-15 --paper --out answers.jsonl`
    ],
    devices: ['slr devices'],
    evaluate: ['slr evaluate --demo --task demo-open', `slr evaluate ${PAIR} --task open --restore 8-15`],
    export: [
      'slr export --demo --restore 4-11 --out restored',
      `slr export ${PAIR} --recipe recipe.json --out restored`,
      'slr export --project my-pair.slr --model selected --out restored'
    ],
    project: [
      `slr project new my-pair.slr ${PAIR}`,
      'slr project list my-pair.slr',
      'slr project name my-pair.slr 1a2b3c4d "as published"',
      'slr project note my-pair.slr 1a2b3c4d "Figure 2 of the paper."',
      'slr project pin my-pair.slr 1a2b3c4d',
      'slr project delete my-pair.slr 1a2b3c4d',
      'slr project restore my-pair.slr 1a2b3c4d'
    ],
    task: [
      'slr task import coverage-qa state_name.json --out coverage.json',
      'slr task import verbalized-sampling poem.txt creative_story.txt joke.txt --out writing.json',
      `slr task filter ${PAIR} --task gsm8k.json --out gsm8k-failed.json`
    ],
    study: [
      'slr study quick.yaml --template quick',
      'slr study quick.yaml --dry-run',
      'slr study quick.yaml'
    ],
    report: ['slr report my-pair.slr --out report.html'],
    serve: ['slr serve', 'slr serve my-pair.slr'],
    open: ['slr open', 'slr open my-pair.slr --pair Llama']
  })
)

/**
 * The part of a command's help that shows how it is called.
 *
 * @param words of the command, such as `task import`: of those of `task` it has its own
 * @throws Error for a command without examples
 */
export function examplesOf(words: string): string {
  const command = elementAt(words.split(' '), 0, 'word')
  const own = mapGet(EXAMPLES, command, 'examples').filter((example) =>
    `${example} `.startsWith(`slr ${words} `)
  )
  return ['', 'Examples:', ...own.map((example) => `  ${example}`)].join('\n')
}
