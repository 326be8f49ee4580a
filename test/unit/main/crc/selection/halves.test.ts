import { beforeAll, describe, expect, it } from 'vitest'
import { ScoredHalf, type RangeScore, type Score } from '../../../../../src/contract/documents/crc'
import { halfStrengths } from '../../../../../src/contract/model/strengths'
import { baselineName } from '../../../../../src/contract/words/baseline-words'
import { verdictOf } from '../../../../../src/contract/words/verdict'
import type { SelectionInput } from '../../../../../src/main/crc/selection/baseline-candidates'
import {
  recompareBaselines,
  selectionOf as selectionOfSteps
} from '../../../../../src/main/crc/selection/compare-baselines'
import { drawSplit } from '../../../../../src/main/crc/selection/draw-split'
import { builtinTask } from '../../../../../src/main/evaluation/builtin-tasks'
import { scoreOf } from '../../../../fixtures/crc-reference'
import { tinySweep } from '../../../../fixtures/tiny-sweep'
import { runToEnd } from '../../../../../src/main/base/steps'

const selectionOf = (...given: Parameters<typeof selectionOfSteps>) => runToEnd(selectionOfSteps(...given))

const { prompts: tinyPrompts, ...tiny } = tinySweep()
const prompts = Array.from({ length: 4 }, () => tinyPrompts)
  .flat()
  .map((prompt, i) => ({ ...prompt, category: i < 7 ? 'a' : 'b' }))
const holdOutSplit = drawSplit(prompts, 1)
const isChosenOn = new Set(holdOutSplit.selection)

/** @param here coverage on the half that chooses @param there on the half that reports */
function score(here: number, there: number): Score {
  // No two prompts alike: a test of differences wants some.
  const diversity = prompts.map((_, i) => (isChosenOn.has(i) ? here : there) + i / 1e4)
  return scoreOf(prompts, { validity: prompts.map(() => 0.95), diversity })
}
const range = (start: number, of: Score): RangeScore => ({ start, end: start, ...of })

let scoredBy: SelectionInput['scoredBy']
beforeAll(async () => {
  const task = await builtinTask('demo-open')
  scoredBy = { kind: 'task', task, sampling: task.settings.sampling, draws: 8 }
})

function found(ranges: RangeScore[]): SelectionInput {
  const uniformBlends = [{ strength: 0.5, ...score(0.5, 0.6) }]
  return {
    ...tiny,
    scoredBy,
    prompts,
    holdOutSplit,
    post: score(0.1, 0.1),
    ranges,
    uniformBlends,
    baselines: []
  }
}

describe('a task in two halves', () => {
  it('is split by the seed only, half of each category', () => {
    expect(drawSplit(prompts, 1)).toEqual(holdOutSplit)
    expect(drawSplit(prompts, 2)).not.toEqual(holdOutSplit)
    expect([...holdOutSplit.selection, ...holdOutSplit.holdOut].sort((a, b) => a - b)).toEqual(prompts.map((_, i) => i))
    const ofA = (indices: readonly number[]): number => indices.filter((index) => index < 7).length
    expect([holdOutSplit.selection.length, ofA(holdOutSplit.selection), ofA(holdOutSplit.holdOut)]).toEqual([7, 4, 3])
    expect(() => drawSplit([{ category: 'x' }, { category: 'y' }, { category: 'y' }], 1)).toThrow(
      'The category "x" has a single question'
    )
  })

  it('names another checkpoint that is more diverse than the range', () => {
    const checkpoint = (name: string, scored: Score) => ({ name, path: `/${name}`, fingerprint: name, ...scored })
    const sweep = {
      ...found([range(0, score(0.4, 0.4))]),
      checkpoints: [checkpoint('sft', score(0.7, 0.7)), checkpoint('dpo', score(0.2, 0.9))]
    }
    const selection = selectionOf(sweep, sweep.ranges, 0.9)
    // The selection prompts choose among the checkpoints.
    const named = selection.baselines.filter(({ baseline }) => baseline.kind === 'checkpoint')
    expect(named.map((compared) => baselineName(compared))).toEqual(['sft'])
    const verdict = verdictOf({ ...sweep, base: null, preview: null, selection, check: null })
    const caveat = verdict.caveats.find(({ better }) => better !== null)
    expect(caveat?.text).toContain('Checkpoint sft may do as well: ')
    expect(caveat?.better?.model).toMatchObject({ kind: 'checkpoint', path: '/sft', fingerprint: 'sft' })
  })

  it('chooses by one half and reports the other', () => {
    const sweep = found([range(0, score(0.4, 0.3)), range(1, score(0.3, 0.9))])
    const selection = selectionOf(sweep, sweep.ranges, 0.9)
    expect(selection.selected).toEqual({ start: 0, end: 0 })
    expect(selection.holdOut).toMatchObject({ selectionPromptCount: 7, holdOutPromptCount: 5 })
    expect(selection.holdOut?.selected.diversity).toBeCloseTo(0.3, 2)
    const [blend] = selection.baselines
    expect(blend).toMatchObject({ baseline: { kind: 'uniform-blend' }, promptCount: 5 })
    expect(blend?.diversity).toBeCloseTo(0.6, 2)
  })

  it('compares the selected range with attention only and MLP only of its layers, where they were scored, on the hold-out prompts', () => {
    const sweep = found([range(0, score(0.4, 0.3)), range(1, score(0.3, 0.9))])
    const selection = selectionOf(sweep, sweep.ranges, 0.9)
    const alone = ScoredHalf.options.map((half) => ({
      recipe: { name: half, layers: halfStrengths({ start: 0, end: 0 }, half, tiny.layerCount, null) },
      ...(half === 'mlp' ? score(0.2, 0.7) : score(0.2, 0.1))
    }))
    const ofOther = {
      recipe: { name: 'of layer 1', layers: halfStrengths({ start: 1, end: 1 }, 'mlp', tiny.layerCount, null) },
      ...score(0.9, 0.9)
    }
    const compared = runToEnd(recompareBaselines({ ...sweep, recipes: [...alone, ofOther] }, selection))
    expect({ ...compared, baselines: [] }).toEqual({ ...selection, baselines: [] })
    const halvesOf = compared.baselines.filter(({ baseline }) => baseline.kind === 'half')
    expect(halvesOf.map(baselineName)).toEqual(['attention of layer 0 alone', 'MLP of layer 0 alone'])
    expect(halvesOf.map(({ difference }) => Number(difference.diversity.mean.toFixed(3)))).toEqual([-0.2, 0.4])
    expect(halvesOf.map(({ promptCount }) => promptCount)).toEqual([5, 5])
  })

  it('can be stopped within each range that is averaged and each difference that is tested', () => {
    const sweep = found([range(0, score(0.4, 0.3)), range(1, score(0.3, 0.9))])
    const stepsOf = (given: SelectionInput): number => [...selectionOfSteps(given, given.ranges, 0.9)].length
    const whole = stepsOf({ ...sweep, holdOutSplit: null, uniformBlends: [] })
    // Both ranges on the half that chooses, and the selected one on the other.
    expect(stepsOf({ ...sweep, uniformBlends: [] }) - whole).toBe(3)
    // A blend's validity and diversity.
    expect(stepsOf({ ...sweep, holdOutSplit: null }) - whole).toBe(2)
  })

  it('doubts a gain that the other half does not bear out', () => {
    const words = (there: number): string => {
      const sweep = found([range(0, score(0.4, there)), range(1, score(0.05, 0.05))])
      const selection = selectionOf(sweep, sweep.ranges, 0.9)
      return verdictOf({
        ...sweep,
        base: null,
        preview: null,
        layerCount: 12,
        selection,
        check: null
      }).headline
    }
    expect(words(0.08)).toMatch(/^Not worth restoring: .* 5 questions are too few to tell/)
  })
})
