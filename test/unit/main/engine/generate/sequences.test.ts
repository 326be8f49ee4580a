import { describe, expect, it } from 'vitest'
import { trieOf } from '../../../../../src/bench/workload'
import { elementAt } from '../../../../../src/contract/model/look-up'
import type { Model } from '../../../../../src/contract/model/model'
import { beginSequences, extendSequences } from '../../../../../src/main/engine/generate/sequences'

const MODELS: Model[] = [{ kind: 'post' }, { kind: 'base' }, { kind: 'post' }]
const trie = trieOf(MODELS, 2)
const PROMPT = [5, 6]

type Answer = Parameters<typeof extendSequences>[0][number] & { tokens: number[] }

const answerOf = (parts: number[], token: number, prompt = PROMPT): Answer => ({
  prompt,
  tokens: [token],
  drawn: { parts, sampler: null, mixed: null },
  sequences: []
})

/** The index of each answer's sequences, in the order in which they first appear. */
function shape(answers: readonly Answer[]): number[][] {
  const all = [...new Set(answers.flatMap(({ sequences }) => sequences))]
  return answers.map(({ sequences }) => sequences.map((sequence) => all.indexOf(sequence)))
}

function draw(answers: readonly Answer[], tokens: readonly number[]): ReturnType<typeof extendSequences> {
  for (const [i, answer] of answers.entries()) answer.tokens.push(elementAt(tokens, i, 'token'))
  return extendSequences(answers)
}

describe('sequences of answers', () => {
  it('are one for equal models with the same prompt and first token', () => {
    const answers = [answerOf([0], 7), answerOf([2], 7), answerOf([1], 7), answerOf([0], 8), answerOf([0], 7, [5, 9])]
    expect(beginSequences(answers, trie, true)).toHaveLength(4)
    expect(shape(answers)).toEqual([[0], [0], [1], [2], [3]])
    expect(answers.map(({ sequences }) => sequences[0]?.position)).toEqual([2, 2, 2, 2, 2])
  })

  it('are one for each model of each answer where rows cannot be copied', () => {
    const answers = [answerOf([0, 1], 7), answerOf([0, 1], 7)]
    expect(beginSequences(answers, trie, false)).toHaveLength(4)
    expect(draw(answers, [8, 9])).toEqual([])
  })

  it('stay one while the tokens are equal, and are copied for each other token', () => {
    const answers = Array.from({ length: 4 }, () => answerOf([0], 7))
    const [whole] = beginSequences(answers, trie, true)
    expect(draw(answers, [1, 1, 1, 1])).toEqual([])
    const copies = draw(answers, [2, 3, 2, 4])
    expect(shape(answers)).toEqual([[0], [1], [0], [2]])
    expect(copies.map(({ from, to }) => [from === whole, to.tokens])).toEqual([
      [true, [7, 1, 3]],
      [true, [7, 1, 4]]
    ])
    expect(whole?.tokens).toEqual([7, 1, 2])
  })

  it('of a mix of models are shared with the answers of each model alone', () => {
    const answers = [answerOf([0, 1], 7), answerOf([2], 7), answerOf([1], 7)]
    beginSequences(answers, trie, true)
    expect(shape(answers)).toEqual([[0, 1], [0], [1]])
    expect(draw(answers, [1, 2, 1])).toHaveLength(1)
    expect(shape(answers)).toEqual([[0, 1], [2], [1]])
  })
})
