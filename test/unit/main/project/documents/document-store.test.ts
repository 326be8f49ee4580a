import { readdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DocumentFile, DocumentFolder } from '../../../../../src/main/project/documents/document-store'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'

const Note = z.object({ schemaVersion: z.literal(2), id: z.string(), words: z.array(z.string()) })
type Note = z.infer<typeof Note>

const KIND = {
  kind: 'work-list' as const,
  name: 'note',
  schema: Note,
  version: 2,
  migrations: { 1: (old: Record<string, unknown>) => ({ ...old, words: [] }) },
  maxBytes: 200,
  tooLarge: 'Write less.'
}
const notes = new DocumentFolder<Note>({ ...KIND, folder: 'notes', id: ({ id }) => id })
const latest = new DocumentFile<Note>({ ...KIND, file: 'latest.json' })

const note = (id: string, ...words: string[]): Note => ({ schemaVersion: 2, id, words })

describe('the documents of a kind', () => {
  test('are found again under their ids, and replaced by later ones', async () => {
    const project = await temporaryFolder()
    await notes.write(project, note('a', 'one'))
    await notes.write(project, note('b'))
    await notes.write(project, note('a', 'two'))
    expect(await notes.read(project, 'a')).toEqual(note('a', 'two'))
    expect(await notes.readIfAny(project, 'c')).toBeNull()
    expect((await problemOf(notes.read(project, 'c'))).code).toBe('not-found')
  })

  test('are read once for as long as their files stay as they were', async () => {
    const project = await temporaryFolder()
    const file = join(project, 'notes/a.json')
    await notes.write(project, note('a', 'one'))
    const first = await notes.read(project, 'a')
    expect(await notes.read(project, 'a')).toBe(first)
    await notes.write(project, note('a', 'two'))
    expect(await notes.read(project, 'a')).toEqual(note('a', 'two'))
    // By somebody else, and of the same size.
    await writeFile(file, (await readFile(file, 'utf8')).replace('two', 'six'))
    // The clock of a file system may stand still for some milliseconds.
    await utimes(file, 1, 1)
    expect(await notes.read(project, 'a')).toEqual(note('a', 'six'))
    await rename(file, join(project, 'kept.json'))
    expect((await problemOf(notes.read(project, 'a'))).code).toBe('not-found')
    await symlink(join(project, 'kept.json'), file)
    expect((await problemOf(notes.read(project, 'a'))).code).toBe('bad-file')
  })

  test('are brought to the current version on reading, while their files stay', async () => {
    const project = await temporaryFolder()
    await notes.write(project, note('a'))
    const old = JSON.stringify({ schemaVersion: 1, id: 'a' })
    await writeFile(join(project, 'notes/a.json'), old)
    expect(await notes.read(project, 'a')).toEqual(note('a'))
    expect(await readFile(join(project, 'notes/a.json'), 'utf8')).toBe(old)
  })

  test('are not written when they could not be read back', async () => {
    const project = await temporaryFolder()
    const long = await problemOf(notes.write(project, note('a', 'x'.repeat(300))))
    expect(long).toMatchObject({ code: 'bad-input', hint: 'Write less.' })
    expect(long.message).toMatch(/The note cannot be saved: it would have more than the maximum of 200 bytes\./)
    const wrong = { ...note('a'), words: [1] }
    // @ts-expect-error the number that the schema must refuse
    expect((await problemOf(notes.write(project, wrong))).message).toContain('words.0')
    expect(await readdir(project, { recursive: true })).toEqual(['notes'])
  })

  test.each(['../a', 'a/b', '', 'a.b', 'x'.repeat(65)])('have no id such as %j', async (id) => {
    const project = await temporaryFolder()
    expect((await problemOf(notes.read(project, id))).code).toBe('not-found')
    expect((await problemOf(notes.write(project, note(id)))).code).toBe('not-found')
    expect((await problemOf(notes.remove(project, id))).code).toBe('not-found')
    expect(await notes.readIfAny(project, id)).toBeNull()
    expect(() => notes.companion(project, id, '.jsonl')).toThrow('There is no note')
  })

  test('are listed with a warning for each that cannot be read', async () => {
    const project = await temporaryFolder()
    await notes.write(project, note('good'))
    await writeFile(join(project, 'notes/broken.json'), '{')
    await writeFile(join(project, 'notes/other.json'), JSON.stringify(note('good')))
    await symlink('good.json', join(project, 'notes/linked.json'))
    await writeFile(join(project, 'notes/.hidden.json'), '')
    const { documents, warnings } = await notes.list(project)
    expect(documents).toEqual([note('good')])
    expect(warnings.toSorted()).toEqual([
      expect.stringMatching(/^A stored note was left out\. .*broken\.json is not JSON/),
      expect.stringMatching(/^A stored note was left out\. .*linked\.json is not an ordinary file/),
      expect.stringMatching(/^A stored note was left out\. .*other\.json holds the note good instead of other\./)
    ])
    expect(await notes.list(join(project, 'none'))).toEqual({ documents: [], warnings: [] })
  })

  test('go with what belongs to them', async () => {
    const project = await temporaryFolder()
    await notes.write(project, note('a'))
    await notes.write(project, note('b'))
    await writeFile(notes.companion(project, 'a', '.jsonl'), '{}\n')
    await notes.remove(project, 'a', ['.jsonl'])
    expect(await readdir(join(project, 'notes'))).toEqual(['b.json'])
  })
})

test('a single document is null until it is written, and again when it was removed', async () => {
  const project = await temporaryFolder()
  expect(await latest.read(project)).toBeNull()
  await latest.write(project, note('a', 'one'))
  expect(await latest.read(project)).toEqual(note('a', 'one'))
  await latest.remove(project)
  expect(await latest.read(project)).toBeNull()
})
