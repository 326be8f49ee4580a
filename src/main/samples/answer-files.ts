import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import type { SampleSettings } from '../../contract/documents/samples'
import type { OutsideModel } from '../../contract/model/outside-model'
import { WorkbenchError } from '../../contract/model/problem'
import { plural } from '../../contract/words/format'
import { type AnswerFile, type FileAnswer, readAnswerFile } from '../answers/file-formats'
import { readBytes } from '../base/files/bounded-file'
import { promptName } from '../text/prompt-name'
import { multimap } from '../../contract/model/multimap'

/** As much as a run's own answers may take. */
const MAX_FILE_BYTES = 256_000_000

type FileModel = Extract<OutsideModel, { kind: 'file' }>

/** A file of answers, and which it is. */
export interface OpenAnswerFile extends AnswerFile {
  fingerprint: string
  /** Whose answers it holds, and how many of each; null for what has no name. */
  by: { of: string | null; answers: number }[]
}

/** @throws WorkbenchError `not-found`, `bad-file`; `bad-input` as `readAnswerFile` */
export async function openAnswerFile(path: string): Promise<OpenAnswerFile> {
  if (extname(path).toLowerCase() === '.eval') {
    throw new WorkbenchError(
      'bad-input',
      `${path} is an Inspect log in its packed form.`,
      `Write it as JSON first: inspect log convert --to json --output-dir . ${path}`
    )
  }
  const bytes = await readBytes(path, MAX_FILE_BYTES)
  const file = await readAnswerFile(path, decoded(bytes, path))
  const counts = new Map<string | null, number>()
  for (const { of } of file.answers) counts.set(of, (counts.get(of) ?? 0) + 1)
  return {
    ...file,
    fingerprint: createHash('sha256').update(bytes).digest('hex'),
    by: [...counts].map(([of, answers]) => ({ of, answers }))
  }
}

function decoded(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new WorkbenchError('bad-file', `${path} is not UTF-8 text.`)
  }
}

/**
 * Who answers by a file: of several whose answers it holds, the one that goes by the variant's name.
 *
 * @throws WorkbenchError `bad-input` naming whose answers there are; as {@link openAnswerFile}
 */
export async function answerFileModel(name: string, path: string): Promise<FileModel> {
  const { fingerprint, by } = await openAnswerFile(path)
  const model: FileModel = { kind: 'file', name, path, fingerprint }
  if (by.length === 1) return model
  if (by.some(({ of }) => of === name)) return { ...model, of: name }
  throw new WorkbenchError(
    'bad-input',
    `${path} holds answers of ${by.map(({ of }) => (of === null ? 'one without a name' : `"${of}"`)).join(', ')}.`,
    'Name the variant as the one whose answers are to be taken.'
  )
}

/** A prompt of a run, by what a file may call it. */
export interface NamedPrompt {
  text: string
  /** The task's prompt without what a variant puts around it, and the text that the models see. */
  otherTexts: readonly string[]
}

/**
 * The answers of a file to the prompts of a run, in the order of the file: as many of each as the run asks for.
 *
 * @returns of each prompt its answers
 * @throws WorkbenchError `mismatch` when the file has changed; `bad-input` naming a prompt that it has too few answers to
 */
export async function answersFromFile(
  model: FileModel,
  prompts: readonly NamedPrompt[],
  { sampleCount }: Pick<SampleSettings, 'sampleCount'>
): Promise<{ format: string; by: (string | null)[]; answers: FileAnswer[][] }> {
  const file = await openAnswerFile(model.path)
  if (file.fingerprint !== model.fingerprint) {
    throw new WorkbenchError(
      'mismatch',
      `${model.path} is not the file that the variant "${model.name}" was made from.`,
      'Put that file back, or make the variant anew.'
    )
  }
  const own = model.of === undefined ? file.answers : file.answers.filter(({ of }) => of === model.of)
  const answers = matched(own, prompts, sampleCount)
  const short = answers.findIndex(({ length }) => length < sampleCount)
  const prompt = prompts[short]
  if (prompt !== undefined) {
    const found = answers[short]?.length ?? 0
    throw new WorkbenchError(
      'bad-input',
      `${promptName(prompt, short)} has ${found === 0 ? 'no answer' : plural(found, 'answer')} in ${model.path}; the run asks for ${sampleCount} to each prompt.`,
      found === 0
        ? 'Answers are matched by the text of their prompt: is it of the same prompts?'
        : 'Ask for fewer answers, so that all variants have as many.'
    )
  }
  return { format: file.format, by: file.by.map(({ of }) => of), answers }
}

/** Prompts that read alike share their answers out in order. */
function matched(
  answers: readonly FileAnswer[],
  prompts: readonly NamedPrompt[],
  sampleCount: number
): FileAnswer[][] {
  const places = multimap(
    prompts.flatMap(({ text, otherTexts }, place) =>
      [...new Set([text, ...otherTexts].map((each) => each.trim()))].map((known) => [known, place] as const)
    )
  )
  const found = prompts.map((): FileAnswer[] => [])
  for (const answer of answers) {
    const wanted = placesOf(answer, places, prompts.length)
    const free = wanted
      .map((place) => found[place])
      .find((list) => list !== undefined && list.length < sampleCount)
    free?.push(answer)
  }
  return found
}

function placesOf(
  { prompts, promptIndex }: FileAnswer,
  places: ReadonlyMap<string, readonly number[]>,
  promptCount: number
): readonly number[] {
  for (const text of prompts) {
    const known = places.get(text.trim())
    if (known !== undefined) return known
  }
  return promptIndex !== null && prompts.length === 0 && promptIndex < promptCount ? [promptIndex] : []
}
