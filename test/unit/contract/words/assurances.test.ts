import { expect, it } from 'vitest'
import type { CrossFit } from '../../../../src/contract/documents/crc'
import { assurances } from '../../../../src/contract/words/assurances'
import { goldenText } from '../../../fixtures/golden-text'
import {
  checked,
  checkOfModels,
  PASSING,
  PREVIEW,
  range,
  score,
  selectionOf,
  STABLE,
  UNCHECKED,
  whole
} from '../../../fixtures/verdict-evidence'

const difference = { mean: 0.3, interval: [0.2, 0.4] satisfies [number, number], pValue: 0.001 }
const holdOut = {
  ...{
    selectionPromptCount: 20,
    holdOutPromptCount: 19,
    post: score(0.99, 0.45),
    selected: score(0.9, 0.75)
  },
  gain: { validity: difference, diversity: difference }
}
const ofPost = { postValidity: 0.99, postDiversity: 0.45 }
const fold = (selected: CrossFit['folds'][0]['selected'] = null) => ({
  selected,
  ...score(0.9, 0.88),
  ...ofPost
})
const crossFitOf = (validity: number, folds: CrossFit['folds'] = [fold(), fold()]) => ({
  ...{ ...score(validity, 0.88), ...ofPost, folds }
})
const failing = checkOfModels(
  checked(range(0, 11), whole(0.5, 0.93)),
  checked(range(4, 11), whole(0.6, 0.9)),
  checked(range(5, 11), whole(0.95, 0.88))
)
const left = { ...selectionOf(range(5, 11), [[5, 11, 1]]), crossFit: crossFitOf(0.9) }
const often = selectionOf(range(4, 11), [
  [4, 11, 0.9],
  [3, 11, 0.06],
  [2, 11, 0.04]
])
const outOfBag = { resamples: 1000, ...score(0.9, 0.9), diversityGain: 0.4 }
const unchecked = {
  ...often,
  bootstrap: {
    ...often.bootstrap,
    outOfBag: { ...outOfBag, interval: [0.3, 0.5] satisfies [number, number] }
  },
  crossFit: crossFitOf(0.892, [fold(range(4, 11)), fold(range(3, 11))])
}
const otherWins = selectionOf(range(5, 11), [
  [8, 8, 0.6],
  [5, 11, 0.4]
])

const CASES: Readonly<Record<string, Partial<Parameters<typeof assurances>[0]>>> = {
  'not checked': {},
  checked: { check: PASSING },
  'split prompts': { selection: { ...STABLE, holdOut } },
  'resamples in which no range qualifies': {
    selection: { ...STABLE, bootstrap: { ...STABLE.bootstrap, noSelectionShare: 0.02 } }
  },
  'white space that was not followed up': {
    check: checkOfModels(checked(range(4, 11), whole(0.9, 0.91, 0.02)))
  },
  'too few prompts: no interval, no share of wins': { promptCount: 5 },
  'a preview of which the check rejects a range': {
    preview: PREVIEW,
    check: checkOfModels(checked(range(0, 11), whole(0.5, 0.93)), checked(range(4, 11), whole(0.95, 0.9)))
  },
  'a check that rejects ranges': { selection: left, check: failing },
  'a check that rejects nothing': {
    selection: left,
    check: checkOfModels(checked(range(5, 11), whole(0.95, 0.88)))
  },
  'picks of one half that keep the limit': { selection: { ...STABLE, crossFit: crossFitOf(0.892) } },
  'picks of one half below the limit': { selection: { ...STABLE, crossFit: crossFitOf(0.885) } },
  'picks that were not checked': { selection: unchecked, check: PASSING },
  'the same without any check': { selection: unchecked },
  'another range that wins more often': { selection: otherWins, check: PASSING }
}

it('says how sure a selection is, by what it rests on', async () => {
  const rows = Object.entries(CASES).map(([name, evidence]) => {
    const lines = assurances({ ...UNCHECKED, promptCount: 40, ...evidence })
    return [name, lines.map(({ label, value, detail, term }) => `${label}: ${value}, ${detail} [${term}]`)]
  })
  await expect(goldenText(Object.fromEntries(rows))).toMatchFileSnapshot('./assurances.golden.txt')
})
