import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import type { JudgeSettings } from '../../../contract/documents/judge'
import { contactFromText, EndpointContact } from '../../../contract/model/endpoint'
import { DEFAULT_CONCURRENCY, Endpoint, endpointFromText } from '../../../contract/model/external-model'
import { inputError, requireValid } from '../../../contract/model/problem'
import type { TaskKind } from '../../../contract/model/task-kinds'
import { withHint, readTextFile } from '../../base/files/bounded-file'
import { MAX_YAML_BYTES, readYaml } from '../../sandbox/yaml'
import { JudgingServer, judgeSettings, SERVER } from '../../evaluation/judging-server'
import { allowForThisRun, requireConfirmed } from '../../endpoint/confirmed-addresses'
import { optionGroup } from './option-group'
import { several } from './option-kinds'
import { usageError } from './options'

/* A file can describe an OpenAI-compatible server. The user must confirm its address: the file may come from others. */

/** A model that answers prompts. */
const AnsweringServer = z.strictObject({
  ...SERVER,
  chat: z.boolean().default(false),
  requests: Endpoint.shape.concurrency.default(DEFAULT_CONCURRENCY)
})

const ANSWERING_HINT = 'The file needs url and model. Optional: key, chat, requests and any-model.'
const JUDGING_HINT =
  'The file needs url and model. Optional: key, way (marks, pairs, forms), rubric, answers, rate, any-model.'

/** Addresses from files are contacted only after a confirmation. */
export const addressOption = optionGroup().options({
  allowAddress: several(EndpointContact, '<address>', 'allow [KEY_VARIABLE@]ADDRESS, which a file names', parseAddress)
})

/** Reads the endpoint that a file describes. @throws WorkbenchError `bad-input` naming the wrong field */
export async function endpointOfFile(file: string): Promise<Endpoint> {
  const { url, model, key, chat, requests, ...more } = await readServer(file, AnsweringServer, ANSWERING_HINT)
  const endpoint = Endpoint.parse({
    baseUrl: url,
    model,
    keyVariable: key,
    anyModel: more['any-model'],
    concurrency: requests,
    through: chat ? 'chat' : 'completions'
  })
  await requireConfirmed([endpoint])
  return endpoint
}

/** Returns the judge that `--judge` names, as MODEL@URL or as a file; null if none is named. */
export async function judgeNamed(
  text: string | undefined,
  kind: TaskKind,
  command: Command
): Promise<JudgeSettings | null> {
  if (text === undefined) return null
  const typed = endpointFromText(text)
  if (typed === null) {
    const judge = judgeSettings(await readServer(text, JudgingServer, JUDGING_HINT), kind)
    await requireConfirmed([judge])
    return judge
  }
  const parsed = JudgingServer.safeParse({ url: typed.baseUrl, model: typed.model })
  const server = requireValid(parsed, (issue) => usageError(command, `--judge: ${issue}`))
  const judge = judgeSettings(server, kind)
  allowForThisRun([judge])
  return judge
}

async function readServer<T>(file: string, schema: z.ZodType<T, unknown>, hint: string): Promise<T> {
  const text = await withHint(hint, () => readTextFile(file, MAX_YAML_BYTES))
  const parsed = schema.safeParse((await readYaml(text, file, 0)).value)
  return requireValid(parsed, (issue) => inputError(`${file}: ${issue}`, hint))
}

export function parseAddress(text: string): EndpointContact {
  const contact = contactFromText(text)
  if (contact !== null) return contact
  throw new InvalidArgumentError('Expected [VARIABLE@]ADDRESS, such as OPENAI_API_KEY@https://api.example.org.')
}
