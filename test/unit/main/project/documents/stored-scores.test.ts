import { expect, it } from 'vitest'
import { FEW_SHOT_DEFAULTS } from '../../../../../src/contract/model/few-shot'
import { scorePrompt, averageScores } from '../../../../../src/main/crc/task/scoring'
import { requireTrueScores } from '../../../../../src/main/project/documents/stored-scores'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

/** A sweep of one range whose means are those of its prompts. */
function swept() {
  const tiny = tinySweep()
  const score = averageScores(
    tiny.prompts,
    tiny.prompts.map(() => scorePrompt([0.5, 0.4]))
  )
  return {
    ...tiny,
    layerCount: 12,
    base: null,
    post: score,
    ranges: [{ start: 4, end: 11, ...score }],
    recipes: [],
    checkpoints: [],
    uniformBlends: [],
    baselines: []
  }
}

it('takes a sweep as written, also with the rounding of single precision', () => {
  const sweep = swept()
  expect(() => requireTrueScores(sweep, 'sweep.json')).not.toThrow()
  const rounded = { ...sweep.post, validity: sweep.post.validity + 2e-8 }
  expect(() => requireTrueScores({ ...sweep, post: rounded }, 'sweep.json')).not.toThrow()
})

it('refuses a mean that is not that of the prompts, and a share that is none, by name', () => {
  const sweep = swept()
  const [range] = sweep.ranges
  if (range === undefined) throw new Error('one range')
  const edited = (change: Partial<typeof range>) => () =>
    requireTrueScores({ ...sweep, ranges: [{ ...range, ...change }] }, 'sweep.json')
  expect(edited({ diversity: 0.95 })).toThrow(
    'sweep.json has for layers 4–11 the mean diversity 0.95, but its prompts have 0.99'
  )
  expect(edited({ validity: 1.9 })).toThrow('sweep.json has for layers 4–11 the validity 1.9, expected 0 to 1')
  const prompts = range.prompts.map((prompt, index) => (index === 1 ? { ...prompt, validity: 1.9 } : prompt))
  expect(edited({ prompts })).toThrow('has for layers 4–11 on prompt 2 the validity 1.9')
})

it('refuses scores of other prompts and of ranges without a model', () => {
  const sweep = swept()
  const [range] = sweep.ranges
  if (range === undefined) throw new Error('one range')
  const edited = (change: Partial<typeof sweep>) => () => requireTrueScores({ ...sweep, ...change }, 'sweep.json')
  expect(edited({ ranges: [{ ...range, prompts: range.prompts.slice(1) }] })).toThrow(
    'sweep.json has for layers 4–11 scores of 2 prompts, and the sweep is of 3.'
  )
  const fewShot = { ...sweep.post, format: FEW_SHOT_DEFAULTS.characters, work: sweep.work }
  expect(edited({ fewShot })).not.toThrow()
  expect(edited({ fewShot: { ...fewShot, prompts: fewShot.prompts.slice(1) } })).toThrow(
    'sweep.json has for base:few-shot scores of 2 prompts'
  )
  expect(edited({ prompts: sweep.prompts.slice(1) })).toThrow(
    'sweep.json has for post scores of 3 prompts, and the sweep is of 2.'
  )
  expect(edited({ layerCount: 11 })).toThrow('sweep.json has the range 4-11, and its models have 11 layers.')
  expect(edited({ ranges: [{ ...range, start: 11, end: 4 }] })).toThrow('has the range 11-4')
  expect(edited({ ranges: [range, range] })).toThrow('sweep.json has the range 4-11 twice.')
})
