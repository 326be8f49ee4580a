import { describe, expect, it } from 'vitest'
import type { JudgeSettings, PairVerdict } from '../../../../src/contract/documents/judge'
import { judgeTrust } from '../../../../src/contract/words/preference-words'
import { askJudge } from '../../../../src/main/evaluation/ask-judge'
import { COMPARING, judgedPairs, readChoice } from '../../../../src/main/evaluation/judge-pairs'
import { pairJudgement } from '../../../../src/main/measures/judged-pairs'
import { evaluationRun, taskFixture } from '../../../fixtures/evaluation-documents'
import { always, type JudgeHandler, says, startJudgeEndpoint } from '../../../fixtures/judge-endpoint'
import { sampleLine } from '../../../fixtures/sample-run'

const PROMPTS = [0, 1, 2, 3, 4, 5]
const RUN = evaluationRun({
  task: {
    ...taskFixture(),
    prompts: PROMPTS.map((n) => ({ text: `Question ${n}`, category: '', raw: false }))
  }
})
const NAMES = RUN.variants.map(({ variant }) => variant.name)

const DISTINCT = [4, 1, 2]
/** Four answers of each variant to each prompt. Base repeats itself least, post most. */
const SAMPLES = PROMPTS.flatMap((prompt) =>
  NAMES.flatMap((variant, place) =>
    [0, 1, 2, 3].map((index) => sampleLine(variant, prompt, index, `${variant} ${index % (DISTINCT[place] ?? 1)}`))
  )
)

/** Prefers the set with more different answers. */
const varied: JudgeHandler = (_, response, body) => {
  const distinct = (letter: string): number => {
    const inside = new RegExp(`<answers_${letter}>([^]*)</answers_${letter}>`).exec(body.replaceAll('\\n', ' '))
    return new Set(inside?.[1]?.split('</answer>').map((text) => text.trim())).size
  }
  const [a, b] = [distinct('A'), distinct('B')]
  response.end(says(a === b ? 'TIE' : a > b ? 'A' : 'B'))
}

async function judgementOf(
  handler: JudgeHandler,
  {
    samples = SAMPLES,
    ofSameServer = [],
    ofOtherServer = [],
    size = 4
  }: {
    samples?: typeof SAMPLES
    ofSameServer?: PairVerdict[]
    ofOtherServer?: PairVerdict[]
    size?: number
  } = {}
) {
  const { settings, requests } = await startJudgeEndpoint(handler)
  const pairJudge: JudgeSettings = { ...settings, way: 'pairs', answersPerPrompt: size }
  const known = [...ofOtherServer, ...ofSameServer.map((verdict) => ({ ...verdict, baseUrl: settings.baseUrl }))]
  const verdicts = [...known]
  let last: unknown
  await askJudge(
    COMPARING,
    {
      run: RUN,
      samples,
      storedVerdicts: known,
      settings: pairJudge,
      apiKey: null,
      patience: { timeoutMs: 5_000, firstPauseMs: 5 }
    },
    {
      keep: (verdict) => {
        verdicts.push(verdict)
        return Promise.resolve()
      },
      progress: (progress) => (last = progress)
    },
    new AbortController().signal
  )
  const pairs = judgedPairs({ ...RUN, pairJudge }, samples, verdicts)
  return { requests, verdicts, last, judgement: pairJudgement(pairs, NAMES, 1, size) }
}

describe('a judge of pairs', () => {
  it('sees both orders of every two variants, and what both say is won', async () => {
    const { requests, last, judgement } = await judgementOf(varied)
    expect(requests).toHaveLength(6 * 3 * 2)
    expect(last).toEqual({ done: 36, total: 36, unreadable: 0 })
    expect(judgement).toMatchObject({
      equal: 0,
      kappa: 1,
      firstShown: 0.5,
      agreement: { mean: 1, promptCount: 6 },
      tally: { size: 4, comparisons: 18, prompts: 6, ties: 0, skipped: 0, reference: 'post' }
    })
    expect(judgement?.tally.variants.map(({ won, compared }) => [won, compared])).toEqual([
      [12, 12],
      [0, 12],
      [6, 12]
    ])
  })

  it('that always takes the first agrees with itself never, and its pairs are ties', async () => {
    const { judgement } = await judgementOf(always('A'))
    expect(judgement).toMatchObject({ kappa: 0, firstShown: 1, agreement: { mean: 0 }, tally: { ties: 18 } })
    expect(judgement?.tally.variants.map(({ share }) => share)).toEqual([0.5, 0.5, 0.5])
    expect(judgement === null ? '' : judgeTrust(judgement)).toBe(
      'Both orders agree on 0 % [0 %, 39 %] of the pairs (Cohen’s kappa 0.00); 100 % of the choices are the answers shown first. If the orders disagree, the pair is a tie.'
    )
  })

  it('receives equal answers once, and none that it has answered', async () => {
    const same = SAMPLES.map((line) =>
      line.variant === 'upper' ? { ...line, text: line.text.replace(/^upper \d/, 'post 0') } : line
    )
    const first = await judgementOf(varied, { samples: same })
    expect(first.requests).toHaveLength(6 * 2)
    expect(first.judgement).toMatchObject({ equal: 6, tally: { comparisons: 18, ties: 6 } })
    const again = await judgementOf(varied, { samples: same, ofSameServer: first.verdicts })
    expect(again.requests).toHaveLength(0)
    expect(again.judgement).toEqual(first.judgement)
    // Another server that serves a model of the same name gives verdicts of its own.
    const other = await judgementOf(always('TIE'), { samples: same, ofOtherServer: first.verdicts })
    expect(other.requests).toHaveLength(6 * 2)
    expect(other.judgement?.tally.ties).toBe(18)
  })

  it('whose replies are no choice has its pairs left out, and counted', async () => {
    let asked = 0
    const { judgement, last } = await judgementOf((_, response) =>
      response.end(says(asked++ === 0 ? 'Both are fine.' : 'TIE'))
    )
    expect(last).toMatchObject({ unreadable: 1 })
    expect(judgement?.tally).toMatchObject({ comparisons: 17, skipped: 1, ties: 17 })
  })

  it('that can be read only for equal answers has judged no pair that was sent', async () => {
    const same = SAMPLES.map((line) =>
      line.variant === 'upper' ? { ...line, text: line.text.replace(/^upper \d/, 'post 0') } : line
    )
    const { judgement } = await judgementOf(always('I like turtles'), { samples: same })
    expect(judgement === null ? '' : judgeTrust(judgement)).toBe(
      'No pair has readable verdicts in both orders; 6 pairs with equal answers on both sides are ties that were not sent.'
    )
  })

  it.each([
    ['A', 'first'],
    [' b.\n', 'second'],
    ['**Tie**', 'tie'],
    ['<think>A? No.</think>\n(B)', 'second'],
    ['A is better', null],
    ['', null],
    ['AB', null]
  ] as const)('says by %j %s', (reply, said) => {
    expect(readChoice(reply)).toBe(said)
  })

  it('agrees with itself beyond chance by as much as Cohen has it', () => {
    // 20 and 15 the same, 5 and 10 not: observed 0.7, expected 0.5.
    const counts = [
      [20, 0, 0],
      [15, 1, 1],
      [5, 0, 1],
      [10, 1, 0]
    ] as const
    const pairs = counts.flatMap(([count, forth, back]) =>
      Array.from({ length: count }, (_, prompt) => ({ prompt, variants: [0, 1], orders: [forth, back] }) as const)
    )
    expect(pairJudgement(pairs, ['a', 'b'], 0, 1)?.kappa).toBeCloseTo(0.4, 12)
  })
})
