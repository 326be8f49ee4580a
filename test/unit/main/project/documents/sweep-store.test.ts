import { isDeepStrictEqual } from 'node:util'
import { cp, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { PromptScore } from '../../../../../src/contract/documents/crc'
import { shownSweep } from '../../../../../src/contract/documents/shown-sweep'
import { splitStoredSweeps } from '../../../../../src/main/project/documents/migrate-project'
import { readAllScores, readScoreRow, writeScores } from '../../../../../src/main/project/documents/scores-file'
import { readSweepFiles } from '../../../../../src/main/project/documents/sweep-files'
import { readSweepFile, SWEEPS } from '../../../../../src/main/project/documents/sweep-store'
import { openProject } from '../../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { sweepFixture } from '../../../../fixtures/project-documents'
import { problemOf } from '../../../../fixtures/problems'
import { STORED_PROJECTS, storedProject } from '../../../../fixtures/stored-projects'
import { tinySweep, tinyTaskSweep } from '../../../../fixtures/tiny-sweep'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

const ROWS: PromptScore[][] = [
  [
    { validity: 0.1, diversity: 1 / 3, effectiveChoices: 1, probabilities: [0.1, Number.MIN_VALUE] },
    { validity: 1, diversity: 0, effectiveChoices: 2, probabilities: [], whatIf: 'AACAPwAAAEA=' }
  ],
  [
    {
      ...{ validity: 0, diversity: 0, effectiveChoices: 1, probabilities: [0], whatIf: '' },
      ...{ precision: 0.5, distinctRight: 2, coverage: 0.25, effectiveAnswers: 1.5, continued: 1e-300 }
    }
  ],
  []
]

describe('a scores file', () => {
  const file = (): string => join(folder, 'sweep.a.scores')
  const written = async (): Promise<{ rows: number; sha256: string }> => ({
    rows: ROWS.length,
    sha256: await writeScores(file(), ROWS)
  })

  it('holds every number to the last bit, and is read row by row or whole', async () => {
    const expected = await written()
    expect(await readAllScores(file(), expected)).toStrictEqual(ROWS)
    for (const [row, scores] of ROWS.entries()) expect(await readScoreRow(file(), expected, row)).toStrictEqual(scores)
  })

  it('is refused by name where it was cut off, belongs to another sweep, or holds other rows', async () => {
    const expected = await written()
    const refused = async (change: Partial<typeof expected>): Promise<string> =>
      (await problemOf(readAllScores(file(), { ...expected, ...change }))).message
    expect(await refused({ rows: 2 })).toBe(`${file()} cannot be read: it has not 2 rows.`)
    expect(await refused({ sha256: '0'.repeat(64) })).toMatch(/it is of another sweep/)
    await truncate(file(), (await stat(file())).size - 8)
    expect(await refused({})).toMatch(/bytes/)
    await writeFile(file(), 'no scores at all, but long enough to have a header of sixty-four bytes')
    expect(await refused({})).toMatch(/it is no file of scores/)
  })

  it('is refused wherever a single byte was changed', async () => {
    const expected = await written()
    const bytes = await readFile(file())
    for (let place = 0; place < bytes.length; place += 5) {
      const changed = Buffer.from(bytes)
      changed[place] = (changed[place] ?? 0) ^ 0x41
      await writeFile(file(), changed)
      // The last eight bytes of the header are not used.
      if (place >= 56 && place < 64) continue
      expect((await problemOf(readAllScores(file(), expected))).code, `byte ${place}`).toMatch(/bad-file|newer-version/)
    }
  })

  it('is refused where a single row holds a number that is not finite', async () => {
    const expected = await written()
    const bytes = await readFile(file())
    const first = bytes.readDoubleLE(64)
    bytes.writeDoubleLE(Number.NaN, first + 24)
    await writeFile(file(), bytes)
    expect((await problemOf(readScoreRow(file(), expected, 0))).message).toMatch(/is not a finite number/)
    expect(await readScoreRow(file(), expected, 1)).toEqual(ROWS[1])
  })
})

describe('a sweep of a project', () => {
  it('equals what was written, by its id or as a file', async () => {
    for (const sweep of [tinySweep(), tinyTaskSweep(), sweepFixture()]) {
      await SWEEPS.write(folder, sweep)
      expect(await SWEEPS.read(folder, sweep.id)).toEqual(sweep)
      expect(await SWEEPS.readShown(folder, sweep.id)).toMatchObject(shownSweep(sweep))
      expect(await readSweepFile(join(folder, `sweeps/${sweep.id}.json`))).toEqual(sweep)
      expect(await SWEEPS.readPromptScores(folder, sweep.id, '0-1')).toEqual(sweep.ranges[1]?.prompts)
      expect(await SWEEPS.readPromptScores(folder, sweep.id, 'post')).toEqual(sweep.post.prompts)
      expect(await SWEEPS.readPromptScores(folder, sweep.id, '7-9')).toBeNull()
    }
  })

  it('has a document of less than 2 MB at 80 layers', async () => {
    const sweep = sweepFixture({ layerCount: 80, promptCount: 40, validCount: 2 })
    await SWEEPS.write(folder, sweep)
    const text = await readFile(join(folder, 'sweeps/sweep-1.json'), 'utf8')
    expect(text.length).toBeLessThan(2e6)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(1_000)
    // Faster than `toEqual` for so many values.
    expect(isDeepStrictEqual(await SWEEPS.read(folder, 'sweep-1'), sweep)).toBe(true)
  })

  it('stays whole when it is replaced and the program is killed before the new document is written', async () => {
    const sweep = sweepFixture()
    await SWEEPS.write(folder, sweep)
    await writeScores(join(folder, 'sweeps/sweep-1.b.scores'), [])
    expect(await readSweepFile(join(folder, 'sweeps/sweep-1.json'))).toEqual(sweep)
    const changed = { ...sweep, seconds: 9, ranges: sweep.ranges.slice(1) }
    await SWEEPS.write(folder, changed)
    expect(await SWEEPS.read(folder, 'sweep-1')).toEqual(changed)
    expect((await readdir(join(folder, 'sweeps'))).sort()).toEqual(['sweep-1.b.scores', 'sweep-1.json'])
  })

  it('is refused without its scores, which are named', async () => {
    await SWEEPS.write(folder, sweepFixture())
    await cp(join(folder, 'sweeps/sweep-1.json'), join(folder, 'alone.json'))
    expect((await problemOf(readSweepFiles(join(folder, 'alone.json')))).message).toContain('alone.a.scores')
  })
})

describe.each(STORED_PROJECTS)('the sweeps of a project of %s', (name) => {
  it('become two files each, wherever that is interrupted, and lose nothing', async () => {
    const [original, untouched] = [await storedProject(name), await storedProject(name)]
    const storedIn = join(untouched, name === '0.2.0' ? 'sweeps' : 'pairs/pair-1/sweeps')
    const viewed = await openProject(original, 'view')
    const { folder: pair, sweeps } = viewed.firstPair
    const before = await Promise.all(sweeps.map(({ id }) => SWEEPS.read(pair, id)))
    await (await openProject(original)).close()
    const steps = 2 * sweeps.length
    for (let last = 0; last <= steps; last++) {
      const path = await storedProject(name)
      // Results lie in the folder of the pair first.
      await cp(join(original, 'project.json'), join(path, 'project.json'))
      if (name === '0.2.0')
        for (const kind of ['sweeps', 'checks'])
          await cp(join(path, kind), join(path, 'pairs/pair-1', kind), { recursive: true })
      let step = 0
      const splitting = splitStoredSweeps(path, ['pair-1'], () => {
        if (step++ === last) throw new Error('killed')
      })
      if (last < steps) await expect(splitting).rejects.toThrow('killed')
      else expect(await splitting).toBe(true)
      const project = await openProject(path)
      for (const sweep of before) {
        expect(await project.firstPair.readSweep(sweep.id), `step ${last}`).toEqual(sweep)
        const kept = await readFile(join(path, 'backup/pairs/pair-1/sweeps', `${sweep.id}.json`))
        expect(kept).toEqual(await readFile(join(storedIn, `${sweep.id}.json`)))
      }
      expect(await splitStoredSweeps(path, ['pair-1'])).toBe(false)
      await project.close()
    }
  })
})
