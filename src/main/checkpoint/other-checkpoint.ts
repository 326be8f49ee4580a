import type { CheckpointReference } from '../../contract/model/checkpoint'
import { formatCount, plural } from '../../contract/words/format'
import type { Finding, OtherCheckpointReport } from '../../contract/documents/pair'
import { mismatchError } from '../../contract/model/problem'
import { configDifferences } from './config-differences'
import { findFolderExtras, tokenizersDiffer } from './folder-extras'
import { openPair, refuse, summarise, unusedNotes } from './pair'
import { type MemberOpener, openMember, type PairMember, readMember } from './pair-member'
import { otherErrors } from './pair-errors'

/** Opens another checkpoint, to compare it as a whole model with a pair. @throws WorkbenchError if it does not fit */
export async function openOther(post: PairMember, path: string, open: MemberOpener = openMember): Promise<PairMember> {
  const other = await openBeside(post, path, open)
  refuse(
    otherErrors(other, post),
    `${other.checkpoint.path} cannot be compared with the pair.`,
    "Its layers must have the number and shapes of the pair's."
  )
  return other
}

/** Opens a checkpoint. An adapter is put over post if its settings name post, else over the base of post's adapter. */
const openBeside = ({ checkpoint }: PairMember, path: string, open: MemberOpener): Promise<PairMember> =>
  open(path, checkpoint.adapter?.basePath, checkpoint.path)

/** Opens another checkpoint that was chosen before. @throws WorkbenchError `mismatch` if it has changed */
export async function openSameOther(post: PairMember, reference: CheckpointReference): Promise<PairMember> {
  return openUnchanged(post, reference, openMember)
}

/** Does the same without the sandbox process. Only processes that main can end may do so. */
export async function readSameOther(post: PairMember, reference: CheckpointReference): Promise<PairMember> {
  return openUnchanged(post, reference, readMember)
}

async function openUnchanged(
  post: PairMember,
  { path, fingerprint }: CheckpointReference,
  open: MemberOpener
): Promise<PairMember> {
  const other = await openOther(post, path, open)
  if (other.checkpoint.fingerprint === fingerprint) return other
  throw mismatchError(
    `${path} is no longer the checkpoint that was to be computed.`,
    'Start again with the checkpoint as it is now.'
  )
}

/** Describes another checkpoint and lists everything that prevents or limits its use beside a pair. */
export async function inspectOther(pair: { base: string; post: string }, path: string): Promise<OtherCheckpointReport> {
  const { base, post } = await openPair(pair.base, pair.post)
  const other = await openBeside(post, path, openMember)
  const extras = await findFolderExtras(other.checkpoint.textFolder)
  const errors = otherErrors(other, post)
  const warnings = [
    ...sameContentWarnings(other, { base, post }),
    ...(errors.length === 0 ? configWarnings(other, post) : []),
    ...(await tokenizerWarnings(other, post, extras.hasTokenizer))
  ]
  return {
    checkpoint: summarise(other, extras),
    compatible: errors.length === 0,
    findings: [
      ...errors.map(({ message }): Finding => ({ severity: 'error', message })),
      ...warnings.map((message): Finding => ({ severity: 'warning', message })),
      ...unusedNotes('It', other).map((message): Finding => ({ severity: 'note', message }))
    ]
  }
}

function sameContentWarnings(other: PairMember, pair: Readonly<Record<'base' | 'post', PairMember>>): string[] {
  return (['base', 'post'] as const)
    .filter((member) => pair[member].checkpoint.fingerprint === other.checkpoint.fingerprint)
    .map((member) => `It looks like the same checkpoint as ${member}.`)
}

function configWarnings(other: PairMember, post: PairMember): string[] {
  const differences = configDifferences('it', other.spec, post.spec)
  if (differences.length === 0) return []
  return [`Its config differs in ${differences.join(', ')}: it is computed by its own config.`]
}

/** Warns about tokenizers that differ. The checkpoint is given post's tokens, and each task checks its own prompts. */
async function tokenizerWarnings(
  { checkpoint, spec }: PairMember,
  post: PairMember,
  hasTokenizer: boolean
): Promise<string[]> {
  const sameVocabulary = spec.vocabularySize === post.spec.vocabularySize
  if (!hasTokenizer) {
    return sameVocabulary
      ? ["It has no tokenizer.json: it is taken to share post's tokenizer."]
      : [
          `It has no tokenizer.json, and its vocabulary of ${plural(spec.vocabularySize, 'token')} is not post's of ` +
            `${formatCount(post.spec.vocabularySize)}: it cannot be given post's tokens.`
        ]
  }
  if (!(await tokenizersDiffer(checkpoint.textFolder, post.checkpoint.textFolder))) return []
  return [
    "Its tokenizer.json is not post's: prompts that become other tokens under it cannot be given to this checkpoint."
  ]
}
