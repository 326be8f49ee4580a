import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { DEFAULT_JUDGE, JudgeSettings } from '../../../contract/documents/judge'
import { contactFromText, EndpointAddress, EndpointContact } from '../../../contract/model/endpoint'
import { JudgeWay } from '../../../contract/model/judge-way'
import { DEFAULT_CONCURRENCY, Endpoint, endpointFromText } from '../../../contract/model/external-model'
import { describeIssue, WorkbenchError } from '../../../contract/model/problem'
import { rubricOf, type TaskKind } from '../../../contract/model/task-kinds'
import { withHint, readTextFile } from '../../base/files/bounded-file'
import { MAX_YAML_BYTES, readYaml } from '../../sandbox/yaml'
import { allowForThisRun, requireConfirmed } from '../../endpoint/confirmed-addresses'
import { optionGroup } from './option-group'
import { several } from './option-kinds'
import { usageError } from './options'

/*
 * Files that describe an OpenAI-compatible server as YAML or JSON, for answers or for judgements. They may come from
 * others, so their addresses need a confirmation. A server typed as MODEL@URL is confirmed by typing it.
 */

const SERVER = {
  url: EndpointAddress.shape.baseUrl,
  model: EndpointAddress.shape.model,
  key: EndpointAddress.shape.keyVariable,
  'any-model': z.boolean().default(false)
}

/** A model that answers prompts. */
const AnsweringServer = z.strictObject({
  ...SERVER,
  chat: z.boolean().default(false),
  requests: Endpoint.shape.concurrency.default(DEFAULT_CONCURRENCY)
})

/** A model that judges answers. Without a rubric it takes the one for the kind of task. */
const JudgingServer = z.strictObject({
  ...SERVER,
  way: JudgeWay.default(DEFAULT_JUDGE.way),
  rubric: JudgeSettings.shape.rubric.optional(),
  answers: JudgeSettings.shape.answersPerPrompt.default(DEFAULT_JUDGE.answersPerPrompt),
  rate: JudgeSettings.shape.requestsPerMinute.default(DEFAULT_JUDGE.requestsPerMinute)
})
type JudgingServer = z.infer<typeof JudgingServer>

const ANSWERING_HINT = 'The file needs url and model. Optional: key, chat, requests and any-model.'
const JUDGING_HINT =
  'The file needs url and model. Optional: key, way (marks, pairs, forms), rubric, answers, rate, any-model.'

/** Addresses from files are contacted only after a confirmation. */
export const addressOption = optionGroup().options({
  allowAddress: several(
    EndpointContact,
    '<address>',
    'allow [KEY_VARIABLE@]ADDRESS, which a file names',
    parseAddress
  )
})

/** Reads the endpoint that a file describes. @throws WorkbenchError `bad-input` naming the wrong field */
export async function endpointOfFile(file: string): Promise<Endpoint> {
  const { url, model, key, chat, requests, ...more } = await readServer(file, AnsweringServer, ANSWERING_HINT)
  const endpoint = Endpoint.parse({
    ...{ baseUrl: url, model, keyVariable: key, anyModel: more['any-model'], concurrency: requests },
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
  if (!parsed.success) throw usageError(command, `--judge: ${describeIssue(parsed.error)}`)
  const judge = judgeSettings(parsed.data, kind)
  allowForThisRun([judge])
  return judge
}

const judgeSettings = (
  { url, model, key, way, rubric, answers, rate, ...more }: JudgingServer,
  kind: TaskKind
): JudgeSettings =>
  JudgeSettings.parse({
    ...DEFAULT_JUDGE,
    ...{ baseUrl: url, model, keyVariable: key, anyModel: more['any-model'], way },
    ...{ rubric: rubric ?? rubricOf(kind, way), answersPerPrompt: answers, requestsPerMinute: rate }
  })

async function readServer<T>(file: string, schema: z.ZodType<T, unknown>, hint: string): Promise<T> {
  const text = await withHint(hint, () => readTextFile(file, MAX_YAML_BYTES))
  const parsed = schema.safeParse((await readYaml(text, file, 0)).value)
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-input', `${file}: ${describeIssue(parsed.error)}`, hint)
}

export function parseAddress(text: string): EndpointContact {
  const contact = contactFromText(text)
  if (contact !== null) return contact
  throw new InvalidArgumentError(
    'Expected [VARIABLE@]ADDRESS, such as OPENAI_API_KEY@https://api.example.org.'
  )
}
