import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

/** The rooms of src/contract, in the same order. */
const CONTRACT_ROOMS = ['model', 'documents', 'words', 'work', 'procedures']

/** Rooms that every step of the window may import: the kit, the charts, and the open project. */
const WINDOW_FLOORS = ['ui', 'plots', 'app']
/** Imports between steps of the window. All other steps are independent. */
const WINDOW_SHARES: Readonly<Record<string, readonly string[]>> = {
  answers: ['recipes'],
  chat: ['answers', 'recipes', 'samples'],
  evaluate: ['answers', 'recipes'],
  export: ['recipes'],
  models: ['answers', 'recipes'],
  prompts: ['prompt-set'],
  ranges: ['prompt-set', 'prompts', 'recipes'],
  report: ['evaluate', 'models', 'ranges', 'recipes'],
  samples: ['answers', 'prompt-set', 'recipes']
}
/** The kit finds the open project in Svelte's context, and nothing else above it. */
const CONTEXT = 'renderer/app/context.ts'

const SOURCES = join(import.meta.dirname, '../../src')

/**
 * The rooms of src/main from the ground up, as docs/architecture.md lists them: a file imports from its own room and
 * from those before it.
 */
const ROOMS = listedRooms(readFileSync(join(SOURCES, '../docs/architecture.md'), 'utf8'))

function listedRooms(page: string): string[] {
  const [, table = ''] = /^\| room .*\n\| -.*\n((?:\|.*\n)+)/m.exec(page) ?? []
  return [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, room = '']) => room)
  )
}

/** Files of src, and what each imports of src, as paths below it. */
const imports = new Map(
  readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|svelte)$/.test(file))
    .map((file) => [file, importsOf(file)] as const)
)

function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCES, file), 'utf8')
  return [...text.matchAll(/(?:from|import)[\s(]*'(\.[^'?]+)/g)].map(([, path = '']) =>
    sourceFile(join(SOURCES, dirname(file), path))
  )
}

function sourceFile(path: string): string {
  const candidates = ['', '.ts', '.svelte.ts', '/index.ts'].map((ending) => path + ending)
  const found = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile())
  return relative(SOURCES, found ?? path)
}

/** The place of a file of main among the rooms: the most particular room that it lies in; -1 is outside all of them. */
function floorOf(file: string): number {
  const path = file.replace(/^main\//, '')
  return ROOMS.reduce(
    (best, room, floor) => (path.startsWith(`${room}/`) && room.length > (ROOMS[best]?.length ?? 0) ? floor : best),
    -1
  )
}

/**
 * Files that compute, with how many defaults they have for look-ups that may find nothing: sums that begin, optional fields, and
 * loops over whole tensors, which say why they check nothing. A look-up that must hit throws (src/contract/model/look-up.ts).
 */
const SILENT_DEFAULTS: Readonly<Record<string, number>> = {
  'main/engine/device/physical-cores.ts': 2,
  'main/engine/forward/level-states.ts': 1,
  'main/engine/forward/routed-rows.ts': 2,
  'main/engine/generate/webgpu-runner.ts': 1,
  'main/engine/questions/embed-texts.ts': 4,
  'main/engine/questions/read-answers.ts': 2,
  'main/engine/rows/baseline-logits.ts': 5,
  'main/engine/rows/rows.ts': 1,
  'main/engine/rows/sampler.ts': 28,
  'main/engine/rows/truncated-probabilities.ts': 19,
  'main/engine/sweep/sweep-session.ts': 1,
  'main/engine/tries/alive-states.ts': 1,
  'main/engine/tries/answer-trie.ts': 10,
  'main/engine/tries/attention-layout.ts': 2,
  'main/engine/weights/quantise.ts': 4,
  'main/engine/weights/weight-decoder.ts': 2,
  'main/family/decoder-spec.ts': 1,
  'main/family/neutral-keys.ts': 1,
  'main/crc/check/questions.ts': 1,
  'main/crc/search/search-run.ts': 1,
  'main/crc/selection/bootstrap.ts': 2,
  'main/crc/selection/score-table.ts': 3,
  'main/crc/selection/sign-flip.ts': 3,
  'main/crc/sweep/compute-sweep.ts': 2,
  'main/crc/sweep/computed-scores.ts': 1,
  'main/crc/sweep/earlier-results.ts': 4,
  'main/crc/sweep/keyed-split.ts': 1,
  'main/crc/sweep/merge-parts.ts': 1,
  'main/crc/sweep/prepare-sweep.ts': 1,
  'main/crc/sweep/shard.ts': 1,
  'main/crc/sweep/saved-sweep-progress.ts': 1,
  'main/crc/task/characters.ts': 1,
  'main/crc/task/scoring.ts': 1
}
/** The most such defaults in the files of each further room. A change may lower a number and never raises one. */
const MOST_SILENT_DEFAULTS: Readonly<Record<string, number>> = {
  answers: 8,
  api: 0,
  base: 12,
  checkpoint: 51,
  cli: 27,
  electron: 0,
  endpoint: 7,
  evaluation: 18,
  export: 6,
  jobs: 7,
  measures: 32,
  mergekit: 4,
  project: 5,
  readings: 0,
  report: 16,
  samples: 21,
  sandbox: 5,
  serve: 5,
  study: 7,
  text: 6,
  work: 2,
  workbench: 4
}
const SILENT_DEFAULT = /\?\? (?:0|-1|\[\]|''|NaN|-Infinity|new [A-Za-z0-9]+Array\(\))(?![\w.])/g

/** Functions that read a model folder in their process, and the rooms that may call them. */
const READING_FOLDERS =
  /\b(openCheckpoint|readMember|readPair|readSameOther|readGenerationConfig|readLocalModel|readTokenizerConfig|readEmbeddingTokenizer|findChatTemplate|loadTextModel)\(/
const FOLDER_READERS = /^main\/(text|checkpoint|sandbox\/process|engine|evaluation\/embedding-tokenizer|readings)/

/**
 * Modules that open files themselves, with the reason. Other files are opened by base/files/regular-file.ts, which
 * does not wait for pipes and devices.
 */
const OPENERS: Readonly<Record<string, string>> = {
  'main/base/files/atomic-file.ts': 'writes a new file',
  'main/base/files/line-file.ts': 'adds to a file',
  'main/base/files/lock.ts': 'the system says when a process began',
  'main/base/files/migrate.ts': 'copies a document that was read',
  'main/base/files/paths.ts': "the user's own settings",
  'main/base/files/regular-file.ts': 'is the one way',
  'main/base/resources.ts': "the program's own files",
  'main/cli/results/answers-file.ts': 'writes what the user named',
  'main/project/documents/migrate-project.ts': 'gives results a second place, unread',
  'main/crc/sweep/saved-sweep-progress.ts': 'adds to a file that it has just written',
  'main/electron/page-scheme.ts': "the program's own files",
  'main/engine/device/physical-cores.ts': "the system's list of processors",
  'main/export/write-weights.ts': 'writes a new file',
  'main/readings/low-rank.ts': 'writes a new file',
  'main/serve/open.ts': "the program's own files, and the system's settings",
  'main/serve/pages.ts': "the program's own files",
  'main/work/gpus.ts': 'the kernel says which GPUs there are'
}
const OPENING =
  /import \{[^}]*\b(?:readFile|readFileSync|open|openSync|createReadStream|copyFile|cp)\b[^}]*\} from 'node:fs(?:\/promises)?'/

const inMain = (file: string): boolean => file.startsWith('main/')

/** Imports that `unwanted` says should not be, one line each. */
function importsWhere(unwanted: (file: string, target: string) => boolean): string[] {
  return [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => unwanted(file, target)).map((target) => `${file} -> ${target}`)
  )
}

/** The files from which imports lead back to `start`, in their order; empty when none do. */
function wayBackTo(start: string): string[] {
  const ways = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const target of imports.get(way.at(-1) ?? start) ?? []) {
      if (target === start) return way
      if (!seen.has(target)) ways.push([...way, target])
      seen.add(target)
    }
  }
  return []
}

describe('the order of the sources', () => {
  test('every file of main lies in a room', () => {
    expect([...imports.keys()].filter((file) => inMain(file) && floorOf(file) === -1)).toEqual([])
  })

  test('no file of main imports from a room above its own', () => {
    const upward = importsWhere((file, target) => inMain(file) && inMain(target) && floorOf(target) > floorOf(file))
    expect(upward).toEqual([])
  })

  test('only engine and sandbox process have threads: where main is Electron, it would end with one of them', () => {
    const threaded = [...imports.keys()].filter(
      (file) => inMain(file) && readFileSync(join(SOURCES, file), 'utf8').includes("'node:worker_threads'")
    )
    expect(threaded.filter((file) => !/^main\/(engine|sandbox\/process)\//.test(file))).toEqual([])
  })

  test('model folders are read where main can end it', () => {
    const readers = [...imports.keys()].filter(
      (file) => inMain(file) && READING_FOLDERS.test(readFileSync(join(SOURCES, file), 'utf8'))
    )
    expect(readers.filter((file) => !FOLDER_READERS.test(file))).toEqual([])
  })

  test('files of others are opened in one place', () => {
    const openers = [...imports.keys()].filter(
      (file) => inMain(file) && OPENING.test(readFileSync(join(SOURCES, file), 'utf8'))
    )
    expect(openers.sort()).toEqual(Object.keys(OPENERS).sort())
  })

  test('sweeping, generating and asking do not know each other', () => {
    const siblings = /^main\/engine\/(sweep|generate|questions)\//
    const across = importsWhere((file, target) => {
      const [from, to] = [siblings.exec(file)?.[1], siblings.exec(target)?.[1]]
      return from !== undefined && to !== undefined && from !== to
    })
    expect(across).toEqual([])
  })

  test('the contract builds words and procedures on documents, and these on the model', () => {
    const room = (file: string): number => CONTRACT_ROOMS.indexOf(file.split('/')[1] ?? '')
    const files = [...imports.keys()].filter((file) => file.startsWith('contract/'))
    expect(files.filter((file) => room(file) === -1)).toEqual([])
    expect(importsWhere((file, target) => file.startsWith('contract/') && room(target) > room(file))).toEqual([])
  })

  test('a step of the window imports the kit, the open project, and listed parts of other steps', () => {
    const room = (file: string): string => /^renderer\/([^/]+)\//.exec(file)?.[1] ?? ''
    const across = importsWhere((file, target) => {
      const [from, to] = [room(file), room(target)]
      if (from === '' || to === '' || from === to || from === 'app') return false
      if (WINDOW_FLOORS.includes(from)) return !(from === 'plots' && to === 'ui') && target !== CONTEXT
      return !WINDOW_FLOORS.includes(to) && !(WINDOW_SHARES[from] ?? []).includes(to)
    })
    expect(across).toEqual([])
  })

  // Not in the renderer, where the parts of its state name the type of the whole.
  test('no file imports itself by way of others', () => {
    const files = [...imports.keys()].filter((file) => !file.startsWith('renderer/'))
    const cycles = files.map(wayBackTo).filter((way) => way.length > 0)
    expect(cycles.map((way) => [...way, way[0]].join(' -> '))).toEqual([])
  })

  test('the contract is below everything and the bench above', () => {
    expect(importsWhere((file, target) => file.startsWith('contract/') && !target.startsWith('contract/'))).toEqual([])
    expect(importsWhere((file, target) => !file.startsWith('bench/') && target.startsWith('bench/'))).toEqual([])
  })

  const silentDefaults = [...imports.keys()].map((file): [file: string, count: number] => {
    const text = readFileSync(join(SOURCES, file), 'utf8')
    return [file, [...text.matchAll(SILENT_DEFAULT)].length]
  })

  test('main takes of the window only style sheets and the figures of reports', () => {
    expect(
      importsWhere(
        (file, target) =>
          inMain(file) &&
          target.startsWith('renderer/') &&
          !target.endsWith('.css') &&
          target !== 'renderer/report/report-figure.ts'
      )
    ).toEqual([])
  })

  test('what computes has no silent default but those that are counted here', () => {
    const counted = silentDefaults.filter(
      ([file, count]) => /^main\/(engine|graphs|family|crc)\//.test(file) && count > 0
    )
    expect(Object.fromEntries(counted)).toEqual(SILENT_DEFAULTS)
  })

  test('no further room of main gets more silent defaults', () => {
    const counts = new Map<string, number>()
    for (const [file, count] of silentDefaults) {
      const room = /^main\/(?!engine|graphs|family|crc)([^/]+)\//.exec(file)?.[1]
      if (room !== undefined) counts.set(room, (counts.get(room) ?? 0) + count)
    }
    expect([...counts.keys()].sort()).toEqual(Object.keys(MOST_SILENT_DEFAULTS))
    const more = [...counts].filter(([room, count]) => count > (MOST_SILENT_DEFAULTS[room] ?? 0))
    expect(more).toEqual([])
  })
})

test('every test belongs to a group, which lists the processes it starts', () => {
  const groups = join(import.meta.dirname, '..')
  const tests = readdirSync(groups, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))
  expect(tests.filter((name) => !/^(?:unit|process|browser)[\\/]/.test(name))).toEqual([])
})
