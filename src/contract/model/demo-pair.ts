import { z } from 'zod'
import { elementAt } from './look-up'

/** The built-in pairs: `stages` is the demo, `blend` a pair for which a uniform blend is better than a range. */
export const DemoPair = z.enum(['stages', 'blend'])
export type DemoPair = z.infer<typeof DemoPair>

export interface DemoPairFacts {
  /** Folder in the resources, with the models in `base` and `post`. */
  readonly folder: string
  /** Other checkpoints in the folder, by their names. */
  readonly checkpoints: readonly string[]
  /** Name of the pair in a project, and of the project that is created for it. */
  readonly name: string
  /** Word of a study file, and with two dashes the option of the command line. */
  readonly word: string
  /** Built-in prompts of the pair, to sample answers to. */
  readonly questions: 'demo-questions' | 'demo-open'
  /** Ids of the built-in tasks for it. */
  readonly tasks: readonly string[]
}

export const DEMO_PAIRS: Readonly<Record<DemoPair, DemoPairFacts>> = {
  stages: {
    folder: 'demo-pair',
    checkpoints: ['sft'],
    name: 'Demo',
    word: 'demo',
    questions: 'demo-questions',
    tasks: ['demo-names', 'demo-stories']
  },
  blend: {
    folder: 'blend-pair',
    checkpoints: [],
    name: 'Blend demo',
    word: 'blend-demo',
    questions: 'demo-open',
    tasks: ['demo-open', 'demo-facts', 'demo-creative']
  }
}

/** Returns the id of the task that is proposed first for a built-in pair. */
export const firstTaskOf = (pair: DemoPair): string => elementAt(DEMO_PAIRS[pair].tasks, 0, 'task')

/** Reports whether a built-in task is meant for a pair. @param pair null for a pair that is not built in */
export const suitsPair = (task: string, pair: DemoPair | null): boolean =>
  pair === null
    ? DemoPair.options.every((demo) => !DEMO_PAIRS[demo].tasks.includes(task))
    : DEMO_PAIRS[pair].tasks.includes(task)
