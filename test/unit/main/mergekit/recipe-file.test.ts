import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readRecipeFile, readRecipesFile } from '../../../../src/main/mergekit/recipe-file'
import { pairPaths } from '../../../../src/main/project/demo'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

const FOLDERS = pairPaths({ kind: 'demo', pair: 'blend' })
const recipe = (name: string, layer: number): object => ({ name, ranges: [[layer, layer]] })
const score = (validity: number, diversity: number): object => ({
  ...{ validity, diversity, effectiveChoices: 1 },
  ...{ categories: {}, prompts: [] }
})

/** A checked model: validity and diversity of first tokens, then of full answers. */
const checked = (name: string, layer: number, first: [number, number], whole: [number, number]): object => ({
  recipe: recipe(name, layer),
  ...{ firstToken: score(...first), answers: score(...whole), undecided: 0 }
})

const checkOf = (...models: object[]): object => ({
  ...{ sweepId: 'aaaa-1', endTokens: [1], rho: 0.9, models },
  post: { firstToken: score(1, 0.4), answers: score(1, 0.4), undecided: 0 }
})

const searchOf = (...recipes: object[]): object => ({
  ...{ sweepId: 'aaaa-1', generations: [] },
  found: recipes.map((found) => ({ recipe: found, ...score(1, 0.5) }))
})

async function fileOf(value: object): Promise<string> {
  const file = join(await temporaryFolder(), 'file.json')
  await writeFile(file, JSON.stringify(value))
  return file
}

const [A, B] = [recipe('A', 1), recipe('B', 2)]

describe('a recipe is read from', () => {
  test.each([
    ['a recipe', A, A],
    ['a list of one', [A], A],
    ['a search, its best', searchOf(B, A), B],
    [
      'a check, the most diverse that keeps both limits',
      checkOf(
        checked('fails full answers', 3, [0.95, 0.9], [0.8, 0.9]),
        checked('below the limit of first tokens', 4, [0.85, 0.8], [0.95, 0.8]),
        checked('less diverse', 5, [0.95, 0.6], [0.95, 0.8]),
        checked('B', 2, [0.95, 0.7], [0.95, 0.7])
      ),
      B
    ]
  ])('%s', async (_, content, expected) => {
    expect(await readRecipeFile(await fileOf(content), FOLDERS)).toEqual(expected)
  })

  test.each([
    ['a list of several', [A, B], /is a list of 2 recipes/],
    ['a search without recipes', searchOf(), /is a search that found no recipe/],
    ['a check that none passes', checkOf(checked('A', 1, [0.95, 0.9], [0.8, 0.9])), /is a check that no recipe passes/],
    ['anything else', { name: 'A' }, /is not a recipe/]
  ])('no %s', async (_, content, message) => {
    expect((await problemOf(readRecipeFile(await fileOf(content), FOLDERS))).message).toMatch(message)
  })
})

test.each([
  ['a single recipe', A, [A]],
  ['a list', [A, B], [A, B]],
  ['a search', searchOf(B, A), [B, A]],
  ['a check', checkOf(checked('A', 1, [1, 1], [0, 0]), checked('B', 2, [1, 1], [1, 1])), [A, B]]
])('recipes are read from %s', async (_, content, expected) => {
  expect(await readRecipesFile(await fileOf(content), FOLDERS)).toEqual(expected)
})
