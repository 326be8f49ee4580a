import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseCsv } from '../../../../../src/main/base/csv'
import { csvText } from '../../../../../src/main/cli/results/csv-file'
import { checkOutputFile } from '../../../../../src/main/cli/results/output-file'
import {
  checkTable,
  comparisonTable,
  evaluationTable,
  rankTable,
  sweepTable
} from '../../../../../src/main/cli/results/tables'
import { runToEnd } from '../../../../../src/main/base/steps'
import { computeSelection } from '../../../../../src/main/crc/selection/selection'
import { compareSweeps } from '../../../../../src/main/measures/compare-sweeps'
import {
  DISTANCES_VERSION,
  type DistancesDocument,
  distanceRows
} from '../../../../../src/contract/documents/distances'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { comparedSweep } from '../../../../fixtures/compared-sweeps'
import { evaluationView } from '../../../../fixtures/evaluation-documents'
import { tinyCheck, tinySweep, whole } from '../../../../fixtures/tiny-sweep'

const tiny = tinySweep()
const sweep = { ...tiny, selection: runToEnd(computeSelection(tiny, 0.9)) }
const check = tinyCheck([{ recipe: { name: 'Layer 0', ranges: [[0, 0]] }, ...whole(0.95, 0.5) }])

const DISTANCES: DistancesDocument = {
  ...{ schemaVersion: DISTANCES_VERSION, createdAt: sweep.createdAt, seconds: 1, bytesRead: 0 },
  ...{ basePath: sweep.basePath, postPath: sweep.postPath, components: [], layers: [], notices: [] }
}

const side = { sweep: comparedSweep(), check: null }
const TABLES = {
  sweep: sweepTable(sweep),
  check: checkTable(check, 0.9),
  evaluation: evaluationTable(evaluationView()),
  comparison: comparisonTable(await compareSweeps(side, side)),
  distances: distanceRows(DISTANCES)
}

test('a sweep is a table with a row for each model, its numbers to all digits', () => {
  const [header, ...rows] = parseCsv('t.csv', csvText(sweepTable(sweep))).map(({ fields }) => fields)
  expect(header).toHaveLength(12)
  const ranges = rows.filter(([kind]) => kind === 'range')
  expect(ranges.map(([, , start, end, , validity]) => [Number(start), Number(end), Number(validity)])).toEqual(
    sweep.ranges.map(({ start, end, validity }) => [start, end, validity])
  )
  expect(rows.filter((row) => row[9] === 'true')).toHaveLength(1)
})

test('docs/files.md lists the columns of each table', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../../../docs/files.md'), 'utf8')
  for (const [name, { header }] of Object.entries(TABLES)) {
    const [, cells = ''] = new RegExp(`^\\| ${name} +\\| (.*?) +\\|$`, 'm').exec(page) ?? []
    expect(cells.split(', '), name).toEqual(header.map((column) => `\`${column}\``))
  }
})

test('a check is a table that says which models pass', () => {
  const [, post, range] = parseCsv('t.csv', csvText(checkTable(check, 0.9))).map(({ fields }) => fields)
  expect(post?.slice(0, 2)).toEqual(['post', 'post'])
  expect(range?.slice(0, 4)).toEqual(['range', 'Layer 0', '0', '0'])
  expect(range?.at(-1)).toBe('true')
})

test.each(Object.values(TABLES))('a table has named columns of one type each, and no other lines', (table) => {
  const text = csvText(table)
  const [header = [], ...rows] = parseCsv('t.csv', text).map(({ fields }) => fields)
  expect(text.split('\r\n')).toHaveLength(rows.length + 2)
  expect(new Set(header).size).toBe(header.length)
  for (const [place, name] of header.entries()) {
    expect(name).toMatch(/^[a-z][a-z_]*$/)
    const types = rows.flatMap((row) => (row[place] === '' ? [] : [typeOf(row[place] ?? 'missing')]))
    expect(new Set(types).size, name).toBeLessThanOrEqual(1)
  }
  expect(rows.every((row) => row.length === header.length)).toBe(true)
})

/** Returns the type that readers of tables infer. */
const typeOf = (cell: string): string =>
  cell === 'true' || cell === 'false' ? 'boolean' : Number.isFinite(Number(cell)) ? 'number' : 'text'

const RANKS = rankTable({
  ...{ recipe: 'x', promptCount: 1, post: tiny.post, complete: tiny.post, fullRank: 1, ranks: [], notes: [] }
})

test.each([...Object.values(TABLES), RANKS])('a table replaces a table, and no other file', async (table) => {
  const path = join(await temporaryFolder(), 'table.csv')
  await writeFile(path, csvText(table))
  await expect(checkOutputFile(path, 'table', {}, false)).resolves.toMatchObject({ exists: true })
  await writeFile(path, 'name,age\r\n')
  await expect(checkOutputFile(path, 'table', {}, false)).rejects.toThrow('nothing that this program wrote')
})
