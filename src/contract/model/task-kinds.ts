import { z } from 'zod'
import type { JudgeWay } from './judge-way'
import type { MeasureId } from './measures'

/** A kind of task: a new one is a row of {@link TASK_KINDS}, and tasks of it in resources/tasks. */
export interface TaskKindFacts {
  id: string
  name: string
  /** Right answers: a task of free writing has none, a question many, a problem one, which every prompt must give. */
  rightAnswers: 'none' | 'many' | 'one'
  /** The measures that its scatter begins with, of each the first that an evaluation has: diversity upward, quality to the right. */
  mainMeasures: Readonly<Record<'diversity' | 'quality', readonly [MeasureId, ...MeasureId[]]>>
  /** Answers per prompt and tokens per answer that the published evaluations of the method took. */
  sampled: Readonly<{ sampleCount: number; maxTokens: number }>
  /** What a judge is told that marks answers, compares sets of them or reads what they mean, unless the user says otherwise. */
  rubrics: Readonly<Record<JudgeWay, string>>
}

/** The paper's three kinds of task. */
export const TASK_KINDS = [
  {
    id: 'creative',
    name: 'Creative writing',
    rightAnswers: 'none',
    // Likelihood under post is no quality here: post's own mode is its greatest, so that any diversity would be a loss.
    // Embeddings are made last: an evaluation that was stopped has distances of words alone.
    mainMeasures: {
      diversity: ['cosineDistance', 'wordDistanceEqual'],
      quality: ['judge', 'formatKept', 'repetition']
    },
    sampled: { sampleCount: 32, maxTokens: 256 },
    rubrics: {
      marks:
        'Mark how good this piece of creative writing is: does it do what was asked, is it coherent and well written, does it have ' +
        'an idea of its own? 1 is unreadable or beside the point, 5 is sound but ordinary, 10 could be published.',
      pairs:
        'You judge creative writing: does it do what was asked, is it coherent and well written, does it have ideas of its own?',
      forms: 'You read creative writing. Name its subject and its idea.'
    }
  },
  {
    id: 'open-ended',
    name: 'Open-ended questions',
    rightAnswers: 'many',
    mainMeasures: { diversity: ['distinctRight'], quality: ['accuracy'] },
    sampled: { sampleCount: 128, maxTokens: 64 },
    rubrics: {
      marks:
        'Mark how good this answer is: is it correct, does it answer the question that was asked, is it clear? 1 is wrong or no ' +
        'answer, 5 is partly right or hard to follow, 10 is right and to the point.',
      pairs:
        'You judge answers to a question: are they correct, do they answer the question that was asked, are they clear?',
      forms:
        'You read answers to a question. Name what the answer means, be it right or wrong: the person, place, thing, option or ' +
        'number, by its most common name.'
    }
  },
  {
    id: 'reasoning',
    name: 'Multi-step reasoning',
    rightAnswers: 'one',
    mainMeasures: { diversity: ['solutionPaths'], quality: ['accuracy'] },
    sampled: { sampleCount: 64, maxTokens: 400 },
    rubrics: {
      marks:
        'Mark how sound this solution is: does every step follow, are the calculations right, does it reach the right result? 1 is ' +
        'no solution, 5 has a sound idea and a mistake, 10 is right in every step.',
      pairs:
        'You judge solutions: does every step follow, are the calculations right, do they reach the right result?',
      forms: 'You read solutions. Name the final result that the solution comes to, be it right or wrong.'
    }
  }
] as const satisfies readonly TaskKindFacts[]

export const TaskKind = z.enum(TASK_KINDS.map(({ id }) => id))
export type TaskKind = z.infer<typeof TaskKind>

export function factsOf(kind: TaskKind): TaskKindFacts {
  const facts = TASK_KINDS.find(({ id }) => id === kind)
  if (facts === undefined) throw new RangeError(`there is no kind of task ${kind}`)
  return facts
}

/** What a judge of a kind of task is told unless the user says otherwise. */
export const rubricOf = (kind: TaskKind, way: JudgeWay): string => factsOf(kind).rubrics[way]
