import type { DeclaredCommand } from './options/subcommand'

/** A command of `slr` before its code is loaded. */
interface CommandRow {
  readonly name: string
  readonly description: string
  /** What stands behind its name in the program's help. */
  readonly usage: string
  /** Loads what the command is and does: one command needs a small part of the program. */
  readonly load: () => Promise<DeclaredCommand>
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'pairs',
    description: 'which pairs of models lie on this machine, found by their cards, names and headers',
    usage: '[options]',
    load: async () => (await import('./commands/pairs')).pairsCommand
  },
  {
    name: 'inspect',
    description: 'what is this pair, and does it fit together',
    usage: '[options]',
    load: async () => (await import('./commands/inspect')).inspectCommand
  },
  {
    name: 'diff',
    description: 'how far post-training moved each layer and component of the weights',
    usage: '[options]',
    load: async () => (await import('./commands/diff')).diffCommand
  },
  {
    name: 'probe',
    description: 'the next-token distribution after prompts or tokens',
    usage: '[options]',
    load: async () => (await import('./commands/probe')).probeCommand
  },
  {
    name: 'plan',
    description: 'what a sweep would do, how much memory and about how long it would take',
    usage: '[options]',
    load: async () => (await import('./commands/plan')).planCommand
  },
  {
    name: 'sweep',
    description: 'score every restoration range and select the most diverse one that stays valid',
    usage: '[options]',
    load: async () => (await import('./commands/sweep')).sweepCommand
  },
  {
    name: 'whatif',
    description:
      'a sweep under another limit, sampler or number of draws: exact, of a preview only for its exact ranges; no model is computed',
    usage: '[options] <sweep>',
    load: async () => (await import('./commands/whatif')).whatIfCommand
  },
  {
    name: 'compare',
    description: 'two sweeps side by side: what differs, where their scores do, and how far they agree',
    usage: '[options] <a> <b> [more...]',
    load: async () => (await import('./commands/compare')).compareCommand
  },
  {
    name: 'check',
    description: 'check the best ranges of a sweep on whole answers, exactly, and take the best that passes',
    usage: '[options]',
    load: async () => (await import('./commands/check')).checkCommand
  },
  {
    name: 'search',
    description:
      'look for recipes beyond one range, and say whether they beat the best range on unseen prompts',
    usage: '[options]',
    load: async () => (await import('./commands/search')).searchCommand
  },
  {
    name: 'merge',
    description: 'join the parts of a sweep that several machines computed; the model files are not needed',
    usage: '[options] <parts...>',
    load: async () => (await import('./commands/merge')).mergeCommand
  },
  {
    name: 'sample',
    description:
      'sample answers of several models side by side: to be read on a terminal, else JSON lines as they come',
    usage: '[options]',
    load: async () => (await import('./commands/sample')).sampleCommand
  },
  {
    name: 'devices',
    description: 'what this machine can compute on, found by trying it out',
    usage: '[options]',
    load: async () => (await import('./commands/devices')).devicesCommand
  },
  {
    name: 'evaluate',
    description: 'how models of the pair do on an open-ended task, in diversity and quality',
    usage: '[options]',
    load: async () => (await import('./commands/evaluate')).evaluateCommand
  },
  {
    name: 'task',
    description: 'make a task, which "slr evaluate --task" and studies take',
    usage: '[options] [command]',
    load: async () => (await import('./commands/task')).taskCommand
  },
  {
    name: 'study',
    description: 'run a whole study from one file: sweeps, checks, evaluations, into a project and a report',
    usage: '[options] <file>',
    load: async () => (await import('./commands/study')).studyCommand
  },
  {
    name: 'export',
    description: 'write a restored model as a Hugging Face folder',
    usage: '[options]',
    load: async () => (await import('./commands/export')).exportCommand
  },
  {
    name: 'project',
    description: 'create a project; list, name, note, pin, delete and restore its runs',
    usage: '[options] [command]',
    load: async () => (await import('./commands/project')).projectCommand
  },
  {
    name: 'report',
    description: 'write a whole project as one page: results, settings, and how to compute them again',
    usage: '[options] <project>',
    load: async () => (await import('./commands/report')).reportCommand
  },
  {
    name: 'serve',
    description: 'serve the workbench to a browser on this machine; prints the address',
    usage: '[options] [project]',
    load: async () => (await import('./commands/serve')).serveCommand
  },
  {
    name: 'open',
    description: 'open the workbench in its window, or in the browser where there is no Electron',
    usage: '[options] [project]',
    load: async () => (await import('./commands/open')).openCommand
  }
]
