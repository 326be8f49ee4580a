import { expect, it } from 'vitest'
import { scorePrompt, averageScores } from '../../../../../src/main/crc/task/scoring'
import { requireTrueMeans } from '../../../../../src/main/project/documents/stored-means'
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
    base: null,
    post: score,
    ranges: [{ start: 4, end: 11, ...score }],
    recipes: [],
    checkpoints: [],
    soup: [],
    rivals: []
  }
}

it('takes a sweep as it was written, also with the rounding of single precision', () => {
  const sweep = swept()
  expect(() => requireTrueMeans(sweep, 'sweep.json')).not.toThrow()
  const rounded = { ...sweep.post, validity: sweep.post.validity + 2e-8 }
  expect(() => requireTrueMeans({ ...sweep, post: rounded }, 'sweep.json')).not.toThrow()
})

it('refuses a mean that is not that of the prompts, and a share that is none, by name', () => {
  const sweep = swept()
  const [range] = sweep.ranges
  if (range === undefined) throw new Error('one range')
  const edited = (change: Partial<typeof range>) => () =>
    requireTrueMeans({ ...sweep, ranges: [{ ...range, ...change }] }, 'sweep.json')
  expect(edited({ diversity: 0.95 })).toThrow(
    'sweep.json has for layers 4–11 the mean diversity 0.95, but its prompts have 0.99'
  )
  expect(edited({ validity: 1.9 })).toThrow(
    'sweep.json has for layers 4–11 the validity 1.9, expected 0 to 1'
  )
  const prompts = range.prompts.map((prompt, index) => (index === 1 ? { ...prompt, validity: 1.9 } : prompt))
  expect(edited({ prompts })).toThrow('has for layers 4–11 on prompt 2 the validity 1.9')
})
