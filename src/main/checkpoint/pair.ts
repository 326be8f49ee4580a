import { yieldEvery20ms } from '../base/files/yield-every-20ms'
import { anyExperts, type DecoderSpec, wholeModelTensors } from '../family'
import type { CheckpointSummary, Finding, PairReport } from '../../contract/documents/pair'
import type { PairReferences } from '../../contract/model/checkpoint'
import { WorkbenchError } from '../../contract/model/problem'
import { formatCount, plural } from '../../contract/words/format'
import { shellWord } from '../../contract/words/shell-word'
import { describeBaseDifferences } from './config-differences'
import { DTYPE_BYTES } from './dtype'
import { groupProblems } from './scaled-groups'
import { storedDtype } from './scaled-weights'
import { isActivationConstant } from './stored-values'
import { findFolderExtras, type FolderExtras, tokenizersDiffer } from './folder-extras'
import { quoteName } from '../base/json-object'
import { fullModelName, folderModelName } from './model-folder'
import { pairErrors, type PairError } from './pair-errors'
import { type MemberOpener, openMember, type PairMember, type PairMembers, readMember } from './pair-member'

/** Opens a pair. @throws WorkbenchError for a checkpoint that cannot be opened, or two that form no pair */
export async function openPair(basePath: string, postPath: string): Promise<PairMembers> {
  return openUsablePair(openMember, basePath, postPath)
}

/** Does the same without the sandbox process. Only processes that main can end may do so. */
export async function readPair(basePath: string, postPath: string): Promise<PairMembers> {
  return openUsablePair(readMember, basePath, postPath)
}

async function openUsablePair(open: MemberOpener, basePath: string, postPath: string): Promise<PairMembers> {
  const { base, post } = await openMembers(open, basePath, postPath)
  const errors = pairErrors(base, post)
  refuse(errors, 'Base and post cannot be used as a pair.', inspectAdvice(base, post))
  return { base, post }
}

function inspectAdvice(base: PairMember, post: PairMember): string {
  const [inBase, inPost] = [base, post].map(({ checkpoint }) => shellWord(checkpoint.path))
  return `This command lists every problem: slr inspect --base ${inBase} --post ${inPost}`
}

/** Throws an error that names the first three errors, if there are any. */
export function refuse(errors: readonly PairError[], complaint: string, hint: string): void {
  const [first] = errors
  if (first === undefined) return
  const named = errors.slice(0, 3).map((error) => error.message)
  const unlisted = errors.length - named.length
  throw new WorkbenchError(
    first.code,
    `${complaint} ${named.join(' ')}${unlisted > 0 ? ` And ${unlisted} more.` : ''}`,
    hint
  )
}

/** Describes a pair and lists everything that prevents or limits its use. */
export async function inspectPair(basePath: string, postPath: string): Promise<PairReport> {
  const { base, post } = await openMembers(openMember, basePath, postPath)
  const [baseExtras, postExtras] = await Promise.all([
    findFolderExtras(base.checkpoint.textFolder),
    findFolderExtras(post.checkpoint.textFolder)
  ])
  // With many tensors each of these steps takes a while.
  const yieldTurn = yieldEvery20ms()
  const errors = [...pairErrors(base, post), ...(await groupErrors(base)), ...(await groupErrors(post))]
  await yieldTurn()
  const notes = pairNotes(base, post, baseExtras, postExtras)
  await yieldTurn()
  return {
    base: summariseMember(base, baseExtras),
    post: summariseMember(post, postExtras),
    compatible: errors.length === 0,
    findings: [
      ...errors.map(({ message }): Finding => ({ severity: 'error', message })),
      ...pairWarnings({ base, post }, errors, baseExtras, postExtras),
      ...(await tokenizerFindings(base, post)),
      ...notes
    ]
  }
}

/** Checks the column groups that a quantised checkpoint stores, and reports the first problem. */
async function groupErrors({ checkpoint }: PairMember): Promise<PairError[]> {
  const [first, ...others] = await groupProblems(checkpoint)
  if (first === undefined) return []
  const more = others.length === 0 ? '' : ` The same is true of ${plural(others.length, 'other tensor')}.`
  return [{ code: 'bad-file', message: `${first.message}${more}` }]
}

/** Opens base and post. If both fail, one error reports both reasons. */
async function openMembers(open: MemberOpener, basePath: string, postPath: string): Promise<PairMembers> {
  const [base, post] = await Promise.allSettled([open(basePath), open(postPath, basePath)])
  if (base.status === 'fulfilled' && post.status === 'fulfilled') return { base: base.value, post: post.value }
  const failures: unknown[] = [base, post].flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  const [first, second] = failures
  if (first instanceof WorkbenchError && second instanceof WorkbenchError && first.message !== second.message) {
    const { code, hint } = first.problem
    throw new WorkbenchError(code, `Base: ${first.message} Post: ${second.message}`, hint)
  }
  throw first
}

/** Identifies the two checkpoints of a pair by folder and content, as stored results do. */
export const pairReferences = (
  folders: { readonly base: string; readonly post: string },
  { base, post }: PairMembers
): PairReferences => ({
  basePath: { path: folders.base, fingerprint: base.checkpoint.fingerprint },
  postPath: { path: folders.post, fingerprint: post.checkpoint.fingerprint }
})

const summariseMember = (member: PairMember, extras: FolderExtras): CheckpointSummary => ({
  ...summarise(member, extras),
  name: fullModelName(member.checkpoint.path)
})

/** Describes a checkpoint for the window and the command line. */
export function summarise({ checkpoint, spec }: PairMember, extras: FolderExtras): CheckpointSummary {
  const dtypes = new Map<string, number>()
  let parameterCount = 0
  for (const entry of checkpoint.tensors.values()) {
    const stored = storedDtype(entry)
    dtypes.set(stored, (dtypes.get(stored) ?? 0) + 1)
    parameterCount += entry.byteLength / DTYPE_BYTES[entry.dtype]
  }
  return {
    path: checkpoint.path,
    name: folderModelName(checkpoint.path),
    fingerprint: checkpoint.fingerprint,
    modelType: spec.modelType,
    parameterCount,
    weightBytes: checkpoint.files.reduce((sum, file) => sum + file.bytes, 0),
    dtypes: Object.fromEntries(dtypes),
    files: checkpoint.files.map(({ name, bytes, modifiedMs }) => ({ name, bytes, modifiedMs })),
    layerCount: spec.layerCount,
    hiddenSize: spec.hiddenSize,
    intermediateSize: spec.intermediateSize,
    experts: anyExperts(spec),
    headCount: spec.headCount,
    kvHeadCount: spec.kvHeadCount,
    headSize: spec.headSize,
    vocabularySize: spec.vocabularySize,
    contextLength: spec.contextLength,
    tiedHead: spec.tiedHead,
    hasTokenizer: extras.hasTokenizer,
    hasChatTemplate: extras.hasChatTemplate,
    hasGenerationConfig: extras.hasGenerationConfig
  }
}

function pairWarnings(
  { base, post }: PairMembers,
  errors: readonly PairError[],
  baseExtras: FolderExtras,
  postExtras: FolderExtras
): Finding[] {
  const messages: string[] = []
  if (base.checkpoint.fingerprint === post.checkpoint.fingerprint) {
    messages.push('Base and post look like the same checkpoint: restoring layers would change nothing.')
  }
  const difference = errors.length === 0 ? describeBaseDifferences(base.spec, post.spec) : null
  if (difference !== null) messages.push(difference)
  if (!postExtras.hasTokenizer) {
    const whose = baseExtras.hasTokenizer ? 'Post has no' : 'Neither base nor post has a'
    messages.push(
      `${whose} tokenizer.json: prompts cannot be computed without post's; slr sample --next --tokens works.`
    )
  }
  if (postExtras.templateProblem !== null) {
    messages.push(`The chat template of post cannot be used: ${postExtras.templateProblem}`)
  }
  return messages.map((message) => ({ severity: 'warning', message }))
}

/** Warns about tokenizers that differ. Base is compared as a whole model only if its own gives the same tokens. */
async function tokenizerFindings(base: PairMember, post: PairMember): Promise<Finding[]> {
  if (!(await tokenizersDiffer(base.checkpoint.textFolder, post.checkpoint.textFolder))) return []
  const message =
    "Base's tokenizer.json is not post's. Prompts are encoded by post's. If base's gives other tokens, base cannot " +
    'be compared as a whole model.'
  return [{ severity: 'warning', message }]
}

function pairNotes(base: PairMember, post: PairMember, baseExtras: FolderExtras, postExtras: FolderExtras): Finding[] {
  const messages: string[] = []
  const [inBase, inPost] = [base.spec.vocabularySize, post.spec.vocabularySize]
  if (inBase !== inPost) {
    messages.push(
      `The vocabularies differ: ${plural(inBase, 'token')} in base, ${formatCount(inPost)} in post. ` +
        'Restored models take embeddings and head from post.'
    )
  }
  if (!baseExtras.hasTokenizer && postExtras.hasTokenizer) messages.push('Base has no tokenizer.json.')
  if (!postExtras.hasChatTemplate && postExtras.templateProblem === null) messages.push('Post has no chat template.')
  messages.push(
    ...scaledNotes('Base', base),
    ...scaledNotes('Post', post),
    ...sharedKeyNotes(post.spec),
    ...dtypeNotes(base, post),
    ...unusedNotes('Base', base),
    ...unusedNotes('Post', post)
  )
  return messages.map((message) => ({ severity: 'note', message }))
}

function scaledNotes(label: string, { checkpoint }: PairMember): string[] {
  const entries = [...checkpoint.tensors.values()].filter(({ scaled }) => scaled !== undefined)
  const [first] = entries
  if (first === undefined) return []
  return [
    `${label} stores ${plural(entries.length, 'tensor')} as ${storedDtype(first)} with scales: they are decoded to ` +
      `${first.dtype}, and activations are not rounded.`
  ]
}

/** Notes layers whose keys and values later layers read. */
function sharedKeyNotes({ layers }: DecoderSpec): string[] {
  const readerCount = layers.filter(({ shape }) => shape?.keyValues === 'earlierLayer').length
  const owners = layers.flatMap(({ carriedPair, shape }, layer) =>
    carriedPair !== null && shape?.keyValues !== 'earlierLayer' ? [layer] : []
  )
  if (readerCount === 0) return []
  return [
    `The last ${readerCount} layers read the keys and values of layers ${owners.join(' and ')}. ` +
      'A recipe that restores one of these changes what all of them attend to.'
  ]
}

function dtypeNotes(base: PairMember, post: PairMember): string[] {
  const different = post.requiredTensors.layers.flatMap(({ name }) => {
    const [inBase, inPost] = [base.checkpoint.tensors.get(name), post.checkpoint.tensors.get(name)]
    if (inBase === undefined || inPost === undefined || inBase.dtype === inPost.dtype) return []
    return [`${inBase.dtype} in base, ${inPost.dtype} in post (${name})`]
  })
  const [first] = different
  if (first === undefined) return []
  return [
    `${plural(different.length, 'layer tensor')} stored in different dtypes, such as ${first}: restored ones are ` +
      'rounded to that of post.'
  ]
}

/** Notes stored tensors that the decoder does not use. A stored head that the config ties has its own note. */
export function unusedNotes(label: string, { checkpoint, spec, requiredTensors: used }: PairMember): string[] {
  const names = new Set([...used.layers, ...used.whole].map(({ name }) => name))
  const unused = [...checkpoint.tensors].filter(([name]) => !names.has(name) && !isActivationConstant(name))
  const head = unused.find(([name]) => name === wholeModelTensors({ ...spec, tiedHead: false }).head.name)
  const others = unused.filter((entry) => entry !== head).map(([, entry]) => quoteName(entry.name))
  const notice =
    `${label} holds tensors that its decoder does not use: ${plural(others.length, 'tensor')}, ` +
    `such as ${others.slice(0, 3).join(', ')}.`
  return [
    ...(head === undefined ? [] : [storedHeadNote(label, head[1].name)]),
    ...(others.length === 0 ? [] : [notice])
  ]
}

function storedHeadNote(label: string, name: string): string {
  return (
    `${label} stores ${quoteName(name)}, although its config ties the head to the embeddings, which are computed ` +
    'with. Where the two differ, transformers 5 takes the stored head: set "tie_word_embeddings" to false in ' +
    'config.json if that is meant.'
  )
}
