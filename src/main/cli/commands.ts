import type { DeclaredCommand } from './options/subcommand'

/** A command of `slr` before its code is loaded. */
interface CommandRow {
  readonly name: string
  /** One line in the program's help. */
  readonly description: string
  readonly group: string
  /** Loads the command's code. One command needs a small part of the program. */
  readonly load: () => Promise<DeclaredCommand>
}

/** Commands in the order of the help. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'sweep',
    group: 'Find ranges:',
    description: 'score every range, select one and check it on full answers',
    load: async () => (await import('./commands/sweep')).sweepCommand
  },
  {
    name: 'check',
    group: 'Find ranges:',
    description: 'check more ranges, recipes and baselines on full answers',
    load: async () => (await import('./commands/check')).checkCommand
  },
  {
    name: 'search',
    group: 'Find ranges:',
    description: 'search for recipes beyond one range',
    load: async () => (await import('./commands/search')).searchCommand
  },
  {
    name: 'lineage',
    group: 'Find ranges:',
    description: 'find the training stage that lost diversity',
    load: async () => (await import('./commands/lineage')).lineageCommand
  },
  {
    name: 'show',
    group: 'Find ranges:',
    description: 'show results again, under other settings, or compare sweeps',
    load: async () => (await import('./commands/show')).showCommand
  },
  {
    name: 'sample',
    group: 'Compare models:',
    description: 'sample answers, or get the distribution of the next token',
    load: async () => (await import('./commands/sample')).sampleCommand
  },
  {
    name: 'evaluate',
    group: 'Compare models:',
    description: 'measure diversity and quality of models on a task',
    load: async () => (await import('./commands/evaluate')).evaluateCommand
  },
  {
    name: 'task',
    group: 'Compare models:',
    description: 'create a task of published prompts, or of those that post fails',
    load: async () => (await import('./commands/task')).taskCommand
  },
  {
    name: 'export',
    group: 'Use and keep results:',
    description: 'write a restored model as a Hugging Face folder',
    load: async () => (await import('./commands/export')).exportCommand
  },
  {
    name: 'serve',
    group: 'Use and keep results:',
    description: 'answer requests to an OpenAI-compatible API',
    load: async () => (await import('./commands/serve')).serveCommand
  },
  {
    name: 'report',
    group: 'Use and keep results:',
    description: 'write a project as one page',
    load: async () => (await import('./commands/report')).reportCommand
  },
  {
    name: 'project',
    group: 'Use and keep results:',
    description: 'create a project, and manage its runs',
    load: async () => (await import('./commands/project')).projectCommand
  },
  {
    name: 'study',
    group: 'Use and keep results:',
    description: 'run sweeps, checks and evaluations from one file',
    load: async () => (await import('./commands/study')).studyCommand
  },
  {
    name: 'open',
    group: 'Use and keep results:',
    description: 'open the workbench in its window or a browser',
    load: async () => (await import('./commands/open')).openCommand
  },
  {
    name: 'inspect',
    group: 'This machine:',
    description: 'check that a pair fits together, or list the pairs on this machine',
    load: async () => (await import('./commands/inspect')).inspectCommand
  },
  {
    name: 'doctor',
    group: 'This machine:',
    description: 'test devices, and show memory, disks, folders and versions',
    load: async () => (await import('./commands/doctor')).doctorCommand
  }
]

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
