import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SampleLine, type SampleRun } from '../../../../../src/contract/documents/samples'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { AnswersFile } from '../../../../../src/main/cli/results/answers-file'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'
import { sampleLines, sampleRunFixture } from '../../../../fixtures/sample-documents'

const run = (changes: Partial<SampleRun> = {}): SampleRun => ({
  ...{ ...sampleRunFixture(), weights: null, precision: null },
  ...changes
})

const newPath = async (): Promise<string> => join(await temporaryFolder(), 'samples.jsonl')

/** Adds answers and closes the file. */
async function kept(file: AnswersFile, ...answers: SampleLine[]): Promise<void> {
  for (const answer of answers) await file.append([answer])
  await file.close()
}

/** Ends a file, beside which nothing is left then. @returns the answers in it */
async function finished(file: AnswersFile, path: string): Promise<SampleLine[]> {
  await file.finish()
  expect(await readdir(join(path, '..'))).toEqual(['samples.jsonl'])
  const written = (await readFile(path, 'utf8')).trimEnd().split('\n')
  return written.map((line) => SampleLine.parse(JSON.parse(line)))
}

describe('the file of a run that was stopped', () => {
  const lines = sampleLines(run())
  const answer = (place: number): SampleLine => elementAt(lines, place, 'answer')
  const [first, second, third] = [answer(0), answer(1), answer(2)]

  /** A file of which one answer was kept, and half of another. */
  async function stoppedFile(): Promise<string> {
    const path = await newPath()
    await writeFile(path, 'older answers\n')
    const file = await AnswersFile.open(path, run(), false)
    file.planned({ precision: 'fp32', weights: 'int8' })
    await kept(file, first)
    await appendFile(path, JSON.stringify(second).slice(0, 9))
    return path
  }

  it('has the answers from which the same run continues, and no other file in the end', async () => {
    const path = await stoppedFile()
    const again = run({ id: 'another', createdAt: '2027-01-01T00:00:00Z' })
    const file = await AnswersFile.open(path, again, false)
    expect(file.answers).toEqual([first])
    expect([file.run.precision, file.run.weights]).toEqual(['fp32', 'int8'])
    await kept(file, second, third)
    expect(await finished(file, path)).toEqual([first, second, third])
    expect(file.answers).toEqual([first, second, third])
  })

  it('is sorted by prompt, variant and index once complete, in any order of arrival', async () => {
    const path = await newPath()
    const stopped = await AnswersFile.open(path, run(), false)
    await stopped.append(lines.toReversed().slice(0, 5))
    await stopped.close()
    const file = await AnswersFile.open(path, run(), false)
    await file.append(lines.toReversed().slice(5))
    await file.close()
    const written = await finished(file, path)
    const expected = [0, 1].flatMap((prompt) =>
      run().variants.flatMap(({ name }) => [0, 1, 2].map((index) => `${prompt} ${name} ${index}`))
    )
    expect(written.map(({ prompt, variant, index }) => `${prompt} ${variant} ${index}`)).toEqual(expected)
  })

  it('keeps the old file where it cannot be started', async () => {
    const path = await newPath()
    await writeFile(path, 'older answers\n')
    // As a full disk would, it takes no record of the run.
    await mkdir(`${path}.partial.new`)
    const file = await AnswersFile.open(path, run(), false)
    expect((await problemOf(file.append([first]))).hint).toContain('What was there before is unchanged.')
    expect(await readFile(path, 'utf8')).toBe('older answers\n')
  })

  it('is replaced by another run and when everything is to be computed, not before their first answer', async () => {
    const path = await stoppedFile()
    const before = await readFile(path, 'utf8')
    const { settings } = run()
    const others: [SampleRun, boolean][] = [
      [run({ settings: { ...settings, seed: settings.seed + 1 } }), false],
      [run({ postPath: { path: '/models/post', fingerprint: 'changed' } }), false],
      [run({ stopTokens: [7] }), false],
      [run(), true]
    ]
    for (const [wanted, fresh] of others) {
      expect((await AnswersFile.open(path, wanted, fresh)).answers).toEqual([])
    }
    expect(await readFile(path, 'utf8')).toBe(before)
    await kept(await AnswersFile.open(path, run(), true), third)
    const written = { ...third, promptText: 'Name a colour.', category: '' }
    expect(await readFile(path, 'utf8')).toBe(`${JSON.stringify(written)}\n`)
  })

  it('that no run has left is no answer of one', async () => {
    const path = await newPath()
    await writeFile(path, 'older answers\n')
    expect((await AnswersFile.open(path, run(), false)).answers).toEqual([])
    await writeFile(`${path}.partial`, 'damaged')
    expect((await AnswersFile.open(path, run(), false)).answers).toEqual([])
  })
})
