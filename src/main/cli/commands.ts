import type { DeclaredCommand } from './options/subcommand'

/** A command of `slr` before its code is loaded. */
interface CommandRow {
  /** Line that describes the command in the program's help. */
  readonly description: string
  /** Loads the code of the command. Each command is loaded separately, because it needs a small part of the program. */
  readonly load: () => Promise<DeclaredCommand>
  readonly examples: readonly string[]
}

const PAIR = '--base Llama-3.1-8B --post Llama-3.1-8B-Instruct'

/** Commands by their group and name, in the order of the help. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, CommandRow>>>> = {
  'Find ranges:': {
    sweep: {
      description: 'score every range, select one and check it on full answers',
      load: async () => (await import('./commands/sweep')).sweepCommand,
      examples: [
        'slr sweep --demo',
        `slr sweep ${PAIR} --out sweep.json`,
        'slr sweep --project my-pair.slr --dry-run',
        'slr sweep --merge part-1.json part-2.json --out sweep.json'
      ]
    },
    check: {
      description: 'check more ranges, recipes and baselines on full answers',
      load: async () => (await import('./commands/check')).checkCommand,
      examples: ['slr check --demo', 'slr check --from sweep.json', 'slr check --from sweep.json 3-9 search.json']
    },
    search: {
      description: 'search for recipes beyond one range',
      load: async () => (await import('./commands/search')).searchCommand,
      examples: ['slr search --demo', 'slr search --from sweep.json --out search.json']
    },
    lineage: {
      description: 'find the training stage that lost diversity',
      load: async () => (await import('./commands/lineage')).lineageCommand,
      examples: [
        'slr lineage base sft dpo rl --out map.csv --out map.html',
        'slr lineage org/model@step1000 org/model@step2000 org/model --dry-run',
        'slr lineage --triage run/checkpoint-100 run/checkpoint-200 run/checkpoint-300'
      ]
    },
    show: {
      description: 'show results again, under other settings, or compare sweeps',
      load: async () => (await import('./commands/show')).showCommand,
      examples: [
        'slr show sweep.json --rho 0.8',
        'slr show sweep.json --temperature 1.5 --min-p 0.05',
        'slr show before.json after.json'
      ]
    }
  },
  'Compare models:': {
    sample: {
      description: 'sample answers, or get the distribution of the next token',
      load: async () => (await import('./commands/sample')).sampleCommand,
      examples: [
        'slr sample --demo base post 4-11 --prompt "Name a colour."',
        `slr sample ${PAIR} 8-15 --prompts prompts.txt --paper --out answers.jsonl`,
        'slr sample --demo 4-11 --next --prompt "Pick a letter."'
      ]
    },
    evaluate: {
      description: 'measure diversity and quality of models on a task',
      load: async () => (await import('./commands/evaluate')).evaluateCommand,
      examples: ['slr evaluate --demo --task demo-names', `slr evaluate ${PAIR} base post 8-15 --task open`]
    },
    task: {
      description: 'create a task of published prompts, or of those that post fails',
      load: async () => (await import('./commands/task')).taskCommand,
      examples: [
        'slr task import coverage-qa state_name.json --out coverage.json',
        'slr task import verbalized-sampling poem.txt creative_story.txt joke.txt --out writing.json',
        `slr task filter ${PAIR} --task gsm8k.json --out gsm8k-failed.json`
      ]
    }
  },
  'Use and keep results:': {
    export: {
      description: 'write a restored model as a Hugging Face folder',
      load: async () => (await import('./commands/export')).exportCommand,
      examples: [
        'slr export --demo 4-11 --out restored',
        `slr export ${PAIR} sweep.json --out restored`,
        'slr export --project my-pair.slr selected --out restored'
      ]
    },
    serve: {
      description: 'answer requests to an OpenAI-compatible API',
      load: async () => (await import('./commands/serve')).serveCommand,
      examples: [
        'slr serve --demo base post 5-11',
        `slr serve ${PAIR} 8-15 blend:0.5 mix:0.55`,
        'slr serve --demo 5-11 --host 0.0.0.0 --api-key-file key.txt'
      ]
    },
    report: {
      description: 'write a project as one page',
      load: async () => (await import('./commands/report')).reportCommand,
      examples: ['slr report my-pair.slr --out report.html']
    },
    project: {
      description: 'create a project, and manage its runs',
      load: async () => (await import('./commands/project')).projectCommand,
      examples: [
        `slr project new my-pair.slr ${PAIR}`,
        'slr project list my-pair.slr',
        'slr project name my-pair.slr 1a2b3c4d "as published"',
        'slr project note my-pair.slr 1a2b3c4d "Figure 2 of the paper."',
        'slr project pin my-pair.slr 1a2b3c4d',
        'slr project delete my-pair.slr 1a2b3c4d',
        'slr project restore my-pair.slr 1a2b3c4d'
      ]
    },
    study: {
      description: 'run sweeps, checks and evaluations from one file',
      load: async () => (await import('./commands/study')).studyCommand,
      examples: ['slr study quick.yaml --template quick', 'slr study quick.yaml --dry-run', 'slr study quick.yaml']
    },
    open: {
      description: 'open the workbench in its window or a browser',
      load: async () => (await import('./commands/open')).openCommand,
      examples: ['slr open', 'slr open my-pair.slr --pair Llama', 'slr open --serve --port 8000']
    }
  },
  'This machine:': {
    inspect: {
      description: 'check that a pair fits together, or list the pairs on this machine',
      load: async () => (await import('./commands/inspect')).inspectCommand,
      examples: ['slr inspect', `slr inspect ${PAIR}`, 'slr inspect --demo --distances --csv distances.csv']
    },
    doctor: {
      description: 'test devices, and show memory, disks, folders and versions',
      load: async () => (await import('./commands/doctor')).doctorCommand,
      examples: ['slr doctor']
    }
  }
}

/** All commands, in the order of the help. */
export const COMMANDS = Object.entries(GROUPS).flatMap(([group, commands]) =>
  Object.entries(commands).map(([name, row]) => ({ name, group, ...row }))
)

/** Returns the examples for the help of a command or sub-command, such as `task import`. */
export const examplesOf = (words: string, examples: readonly string[]): string =>
  ['\nExamples:', ...examples.filter((each) => `${each} `.startsWith(`slr ${words} `))].join('\n  ')

/** Commands of earlier versions, with the commands that replace them. */
export const REPLACED_COMMANDS: ReadonlyMap<string, string> = new Map([
  ['compare', 'slr show A.json B.json'],
  ['devices', 'slr doctor'],
  ['diff', 'slr inspect --distances'],
  ['history', 'slr project list, name, note, pin, delete or restore'],
  ['merge', 'slr sweep --merge PART...'],
  ['pairs', 'slr inspect'],
  ['plan', 'slr sweep --dry-run'],
  ['probe', 'slr sample --next'],
  ['whatif', 'slr show SWEEP.json']
])
