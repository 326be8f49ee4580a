import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ANSWER_CHECK_VERSION } from '../../src/contract/documents/answer-check'
import { CHECKSUMS_VERSION } from '../../src/contract/documents/checksums'
import { CONVERSATION_VERSION } from '../../src/contract/documents/conversation'
import { SWEEP_VERSION } from '../../src/contract/documents/crc'
import { DOCUMENT_NAMES } from '../../src/contract/documents/document-kind'
import { DISTANCES_VERSION } from '../../src/contract/documents/distances'
import { EVALUATION_VERSION } from '../../src/contract/documents/evaluation'
import { RUN_ANNOTATIONS_VERSION } from '../../src/contract/documents/history'
import { PROJECT_VERSION } from '../../src/contract/documents/project'
import { WORK_LIST_VERSION } from '../../src/contract/work/work-list'
import { SAMPLED_CRC_VERSION, SAMPLE_RUN_VERSION } from '../../src/contract/documents/samples'
import { LINEAGE_VERSION } from '../../src/contract/documents/lineage'
import { SEARCH_VERSION } from '../../src/contract/documents/search'
import { SWEEP_PART_VERSION } from '../../src/contract/documents/sweep-part'
import { TASK_VERSION } from '../../src/contract/documents/task'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
]

const PublishedPackage = z.looseObject({
  name: z.string(),
  bin: z.record(z.string(), z.string()),
  files: z.array(z.string())
})

/** Sources named in code spans, but for patterns and placeholders, as paths below the repository. */
function sourcesNamed(text: string): string[] {
  return [...text.matchAll(/`((?:src|test|resources|docs|tools)\/[\w./-]+)`/g)].map(([, path = '']) => path)
}

/** Relative links, as paths below the repository. */
function linksOf(page: string, text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = '']) => join(dirname(page), path))
}

test.each(PAGES)('%s names only files that are there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const named = [...sourcesNamed(text), ...linksOf(page, text)]
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

/** Anchors of the headings of a page, as GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\d\s-]/gu, '')
      .replaceAll(' ', '-')
  )

test.each(PAGES)('%s links only to headings that are there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
  const missing = links.filter(([, path = '', anchor = '']) => {
    const target = path === '' ? page : join(dirname(page), path)
    return !anchorsOf(target).includes(anchor)
  })
  expect(missing.map(([link]) => link)).toEqual([])
})

test.each(PAGES)('%s runs no package of another author', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8').replaceAll('\n', ' ')
  expect(text.replaceAll('A bare `npx slr`', '')).not.toMatch(/npx (?:-y |--yes )?slr(?!-)/)
})

test('docs/files.md names every kind of document, with the versions of those that a project stores', () => {
  const text = readFileSync(join(ROOT, 'docs/files.md'), 'utf8')
  expect(Object.keys(DOCUMENT_NAMES).filter((kind) => !text.includes(`\`${kind}\``))).toEqual([])
  const rows = [...text.matchAll(/^\| `([a-z-]+)` +\| (\d+) /gm)]
  expect(Object.fromEntries(rows.map(([, kind = '', version]) => [kind, Number(version)]))).toEqual({
    sweep: SWEEP_VERSION,
    'sweep-part': SWEEP_PART_VERSION,
    check: ANSWER_CHECK_VERSION,
    search: SEARCH_VERSION,
    lineage: LINEAGE_VERSION,
    'sample-run': SAMPLE_RUN_VERSION,
    'evaluation-run': EVALUATION_VERSION,
    task: TASK_VERSION,
    distances: DISTANCES_VERSION,
    checksums: CHECKSUMS_VERSION,
    'sampled-characters': SAMPLED_CRC_VERSION,
    conversation: CONVERSATION_VERSION,
    project: PROJECT_VERSION,
    history: RUN_ANNOTATIONS_VERSION,
    'work-list': WORK_LIST_VERSION
  })
})

test('the package is published with the build, its resources and the download of CUDA, and its command is slr', () => {
  const { name, bin, files, ...others } = PublishedPackage.parse(
    JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  )
  expect({ name, bin, files }).toEqual({
    name: 'slr-workbench',
    bin: { slr: 'out/main/cli.js' },
    files: ['out', '!out/**/*.map', 'resources', 'tools/gpu/install-cuda.mjs']
  })
  expect(others).not.toHaveProperty('private')
})

test('the map names every room', () => {
  const map = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
  const rooms = readdirSync(join(ROOT, 'src/main'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(rooms.map(({ name }) => name).filter((name) => !map.includes(`\`${name}`))).toEqual([])
})
