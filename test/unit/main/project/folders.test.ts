import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FolderListing } from '../../../../src/contract/procedures/folders'
import { createProject } from '../../../../src/main/project/create-project'
import { openOrCreateDemo, demoPath, pairPaths } from '../../../../src/main/project/demo'
import { listFolder } from '../../../../src/main/project/folder-listing'
import {
  absolutePath,
  configFolder,
  huggingFaceCacheFolder,
  projectsFolder
} from '../../../../src/main/base/files/paths'
import { forgetProject, noteResults, recentProjects, rememberProject } from '../../../../src/main/project/recents'
import { resourcePath } from '../../../../src/main/base/resources'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'
import { PROMPTS } from '../../../fixtures/project-documents'

let home: string

/** A home folder of its own for every test. */
beforeEach(async () => {
  home = await temporaryFolder()
  vi.stubEnv('HOME', home)
  vi.stubEnv('USERPROFILE', home)
  for (const name of ['XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'SLR_PROJECTS_DIR', 'HF_HOME', 'HF_HUB_CACHE'])
    vi.stubEnv(name, '')
  vi.stubEnv('SLR_CONFIG_DIR', join(home, 'config'))
})

afterEach(() => {
  vi.unstubAllEnvs()
})

async function makeFolders(...paths: string[]): Promise<void> {
  for (const path of paths) await mkdir(join(home, path), { recursive: true })
}

function names(listing: FolderListing): string[] {
  return listing.entries.map((entry) => entry.name)
}

describe('listing a folder', () => {
  test('shows its folders in natural order, and what each of them is', async () => {
    await makeFolders('run 10', 'run 2', 'Alpha', 'beta', '.hidden', 'empty.slr', 'P.slr', 'llama')
    await makeFolders('models--org--name/snapshots', 'models--unfinished')
    await writeFile(join(home, 'P.slr/project.json'), '{}')
    await writeFile(join(home, 'llama/config.json'), '{}')
    await writeFile(join(home, 'a file'), '')
    await symlink(join(home, 'llama'), join(home, 'link to llama'))
    await symlink(join(home, 'a file'), join(home, 'link to a file'))
    await symlink(join(home, 'nowhere'), join(home, 'link to nowhere'))
    const listing = FolderListing.parse(await listFolder(home))
    expect(listing.entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      ...['folder Alpha', 'folder beta', 'folder empty.slr', 'model link to llama', 'model llama'],
      ...['model models--org--name', 'folder models--unfinished', 'project P.slr'],
      ...['folder run 2', 'folder run 10']
    ])
    expect(listing).toMatchObject({ path: home, parent: dirname(home), kind: 'folder', truncated: false })
    expect(listing.entries[0]?.path).toBe(join(home, 'Alpha'))
    expect((await listFolder(join(home, 'llama'))).kind).toBe('model')
    expect((await listFolder(join(home, 'P.slr'))).kind).toBe('project')
  })

  test('understands ~ and relative paths, and ends at the root', async () => {
    await makeFolders('models/base')
    expect(names(await listFolder('~/models'))).toEqual(['base'])
    expect(names(await listFolder('~'))).toEqual(['models'])
    expect((await listFolder(relative(process.cwd(), join(home, 'models')))).path).toBe(join(home, 'models'))
    expect((await listFolder('/')).parent).toBeNull()
  })

  test('begins where new projects go', async () => {
    expect((await listFolder(null)).path).toBe(home)
    await makeFolders('Documents')
    expect((await listFolder(null)).path).toBe(join(home, 'Documents'))
    vi.stubEnv('SLR_PROJECTS_DIR', join(home, 'not/there'))
    expect((await listFolder(null)).path).toBe(homedir())
  })

  test('stops at 1,000 folders and says so', async () => {
    const many = Array.from({ length: 1_001 }, (_, index) => `f${index}`)
    await Promise.all(many.map((name) => mkdir(join(home, name))))
    const cut = await listFolder(home)
    expect([cut.entries.length, cut.truncated, cut.entries.at(-1)?.name]).toEqual([1_000, true, 'f999'])
    await rm(join(home, 'f3'), { recursive: true })
    const whole = await listFolder(home)
    expect(whole).toMatchObject({ entries: { length: 1_000 }, truncated: false })
    expect(whole.entries.at(-1)?.name).toBe('f1000')
  })

  test('reports why a path cannot be listed', async () => {
    await writeFile(join(home, 'file'), '')
    const [gone, file] = [join(home, 'gone'), join(home, 'file')]
    const none = { code: 'not-found', message: `There is no folder ${gone}.` }
    expect(await problemOf(listFolder(gone))).toEqual(none)
    const other = { code: 'bad-input', message: `${file} is not a folder.` }
    expect(await problemOf(listFolder(file))).toEqual(other)
    expect((await problemOf(listFolder(`${home}\0x`))).code).toBe('bad-input')
    expect((await problemOf(listFolder(join(home, 'x'.repeat(300))))).message).toContain('its path is longer than')
  })

  test('offers the places models and projects are found in, as far as they exist', async () => {
    await makeFolders('Documents/SLR Workbench', '.cache/huggingface/hub', 'work')
    await rememberProject({ path: join(home, 'work/one.slr'), name: 'one' })
    await rememberProject({ path: join(home, 'work/two.slr'), name: 'two' })
    await rememberProject({ path: join(home, 'vanished/three.slr'), name: 'three' })
    expect((await listFolder(home)).shortcuts).toEqual([
      { label: 'Home', path: home },
      { label: 'Documents', path: join(home, 'Documents') },
      { label: 'Projects', path: join(home, 'Documents/SLR Workbench') },
      { label: 'Hugging Face cache', path: join(home, '.cache/huggingface/hub') },
      { label: 'work', path: join(home, 'work') }
    ])
  })
})

describe('the places of this user', () => {
  test('are found by the rules of the system', async () => {
    expect(projectsFolder()).toBe(join(home, 'SLR Workbench'))
    await makeFolders('Documents')
    expect(projectsFolder()).toBe(join(home, 'Documents/SLR Workbench'))
    expect(huggingFaceCacheFolder()).toBe(join(home, '.cache/huggingface/hub'))
    vi.stubEnv('XDG_CACHE_HOME', join(home, 'cache'))
    expect(huggingFaceCacheFolder()).toBe(join(home, 'cache/huggingface/hub'))
    vi.stubEnv('HF_HOME', '~/hf')
    expect(huggingFaceCacheFolder()).toBe(join(home, 'hf/hub'))
    vi.stubEnv('HF_HUB_CACHE', join(home, 'hub'))
    expect(huggingFaceCacheFolder()).toBe(join(home, 'hub'))
  })

  test('can be set for the program', () => {
    vi.stubEnv('SLR_PROJECTS_DIR', '~/elsewhere')
    expect(projectsFolder()).toBe(join(home, 'elsewhere'))
    expect(configFolder()).toBe(join(home, 'config'))
    vi.stubEnv('SLR_CONFIG_DIR', '')
    expect(basename(configFolder())).toBe('slr-workbench')
  })

  test.runIf(process.platform === 'linux')('follow the translated name of the documents folder', async () => {
    await makeFolders('.config', 'Dokumente')
    const file = join(home, '.config/user-dirs.dirs')
    await writeFile(file, '# XDG_DOCUMENTS_DIR="$HOME/no"\nXDG_DOCUMENTS_DIR="$HOME/Dokumente"\n')
    expect(projectsFolder()).toBe(join(home, 'Dokumente/SLR Workbench'))
    await writeFile(file, 'XDG_DOCUMENTS_DIR="$HOME/"\n')
    expect(projectsFolder()).toBe(join(home, 'SLR Workbench'))
    await writeFile(file, 'XDG_DOCUMENTS_DIR="$HOME/gone"\n')
    expect(projectsFolder()).toBe(join(home, 'SLR Workbench'))
  })

  test('are meant by a single ~ and before a separator only', () => {
    expect(absolutePath('~')).toBe(home)
    expect(absolutePath('~/a/../b')).toBe(join(home, 'b'))
    expect(absolutePath('/a/~')).toBe('/a/~')
    expect(absolutePath('~other')).toBe(join(process.cwd(), '~other'))
    expect(() => absolutePath('/a\0b')).toThrow('/a\uFFFDb holds a NUL character: no file has one in its name.')
  })
})

describe('recent projects', () => {
  test('are remembered newest first, once each, at most 20', async () => {
    expect(await recentProjects()).toEqual([])
    await Promise.all(
      Array.from({ length: 25 }, (_, index) => rememberProject({ path: `/p/${index}.slr`, name: `${index}` }))
    )
    await rememberProject({ path: '/p/10.slr', name: 'ten' })
    const recents = await recentProjects()
    expect(recents).toHaveLength(20)
    expect(recents.slice(0, 3).map(({ name }) => name)).toEqual(['ten', '24', '23'])
    expect(recents.filter(({ path }) => path === '/p/10.slr')).toHaveLength(1)
    await forgetProject('/p/24.slr')
    expect((await recentProjects()).slice(0, 2).map(({ name }) => name)).toEqual(['ten', '23'])
  })

  test('say whether they are still there', async () => {
    const project = await createProject({
      folder: home,
      name: 'P',
      pair: { kind: 'demo', pair: 'blend' },
      prompts: PROMPTS
    })
    await project.close()
    await rememberProject({ path: project.path, name: 'P' })
    expect(await recentProjects()).toMatchObject([{ path: project.path, name: 'P', exists: true }])
    await rm(project.path, { recursive: true })
    expect(await recentProjects()).toMatchObject([{ path: project.path, exists: false }])
  })

  test('report their last result, also of an older list', async () => {
    await makeFolders('config')
    const opened = { name: 'p', openedAt: '2026-01-01T00:00:00.000Z' }
    const stored = ['/p.slr', '/q.slr'].map((path) => ({ ...opened, path }))
    await writeFile(join(configFolder(), 'recent-projects.json'), JSON.stringify(stored))
    expect((await recentProjects()).map(({ result }) => result)).toEqual([null, null])
    await noteResults(new Map(Object.entries({ '/q.slr': 'layers 5–11', '/r.slr': 'layer 1' })))
    const noted = Object.fromEntries((await recentProjects()).map(({ path, result }) => [path, result]))
    expect(noted).toEqual({ '/p.slr': null, '/q.slr': 'layers 5–11' })
    await noteResults(new Map([['/q.slr', null]]))
    expect((await recentProjects()).map(({ result }) => result)).toEqual([null, null])
  })

  test('start again when their file is broken, which is kept', async () => {
    await makeFolders('config')
    const file = join(configFolder(), 'recent-projects.json')
    for (const broken of ['{"half', '[{"path": 3}]']) {
      await writeFile(file, broken)
      expect(await recentProjects()).toEqual([])
      await rememberProject({ path: '/p.slr', name: 'p' })
      expect(await recentProjects()).toMatchObject([{ path: '/p.slr' }])
      expect(await readFile(join(configFolder(), 'recent-projects.broken.json'), 'utf8')).toBe(broken)
    }
  })

  test('delay no work where they cannot be kept', async () => {
    vi.stubEnv('SLR_CONFIG_DIR', join(home, 'file/config'))
    await writeFile(join(home, 'file'), '')
    await rememberProject({ path: '/p.slr', name: 'p' })
    expect(await recentProjects()).toEqual([])
  })
})

describe('the demo project', () => {
  test('is created in the projects folder the first time and opened from then on', async () => {
    const created = await openOrCreateDemo('blend', PROMPTS)
    expect(created.path).toBe(join(home, 'SLR Workbench/Blend demo.slr'))
    expect(created.firstPair.document.location).toEqual({ kind: 'demo', pair: 'blend' })
    await created.update({ notes: 'mine' })
    await created.close()
    const opened = await openOrCreateDemo('blend', PROMPTS)
    await opened.close()
    expect(opened.document.notes).toBe('mine')
    expect(await readdir(projectsFolder())).toEqual(['Blend demo.slr'])
  })

  test('keeps the folder that it had in earlier versions', async () => {
    const older = { folder: projectsFolder(), name: 'Demo', prompts: PROMPTS }
    await (await createProject({ ...older, pair: { kind: 'demo', pair: 'blend' } })).close()
    const opened = await openOrCreateDemo('blend', PROMPTS)
    await opened.close()
    expect(opened.path).toBe(join(home, 'SLR Workbench/Demo.slr'))
    expect(await demoPath('blend')).toBe(opened.path)
    expect(await demoPath('stages')).toBe(join(home, 'SLR Workbench/Demo in three stages.slr'))
  })

  test('finds its SFT stage where the program is now, and leaves a checkpoint of the same name alone', async () => {
    const created = await openOrCreateDemo('stages', PROMPTS)
    const [sft] = created.firstPair.document.otherCheckpoints
    if (sft === undefined) throw new Error('the demo has no stage')
    expect(sft).toMatchObject({ name: 'sft', path: resourcePath('demo-pair', 'sft') })
    const reopened = async (changes: Partial<typeof sft>): Promise<unknown> => {
      const project = await openOrCreateDemo('stages', PROMPTS)
      await project.firstPair.edit(() => ({ otherCheckpoints: [{ ...sft, ...changes }] }))
      await project.close()
      const opened = await openOrCreateDemo('stages', PROMPTS)
      await opened.close()
      return opened.firstPair.document.otherCheckpoints
    }
    await created.close()
    expect(await reopened({ path: '/earlier/sft' })).toEqual([sft])
    const mine = { path: '/mine/sft', fingerprint: 'other' }
    expect(await reopened(mine)).toEqual([{ ...sft, ...mine }])
  })

  test('does not overwrite something else of its name', async () => {
    await makeFolders('SLR Workbench/Blend demo.slr/mine')
    const { message } = await problemOf(openOrCreateDemo('blend', PROMPTS))
    expect(message).toContain('Blend demo.slr is there already')
  })

  test('names the built-in pair, wherever the program is', async () => {
    const { base, post } = pairPaths({ kind: 'demo', pair: 'blend' })
    for (const path of [base, post]) expect(await readdir(path)).toContain('model.safetensors')
    expect(pairPaths({ kind: 'folders', base: '/b', post: '/p' })).toEqual({ base: '/b', post: '/p' })
  })
})
