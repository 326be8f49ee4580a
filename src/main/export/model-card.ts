import { capitalised } from '../../contract/words/format'
import { SAFETY_NOTE } from '../../contract/words/safety'
import { basename, join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { describeNonFinite, type NonFiniteTensor } from '../../contract/documents/non-finite'
import { WorkbenchError } from '../../contract/model/problem'
import {
  componentGroups,
  HALVES,
  isExtrapolated,
  isPostLayer,
  strengthNumber,
  withSources
} from '../../contract/model/strengths'
import type { LayerStrength, Recipe } from '../../contract/model/recipe'
import { readModelText } from '../base/files/model-file'
import { readYaml } from '../sandbox/yaml'
import { modelName, publicModelName } from '../checkpoint/model-folder'
import { hasExperts } from '../family'
import { describeBaseDifferences } from '../checkpoint/config-differences'
import type { PairMember } from '../checkpoint/pair-member'
import { fencedMarkdown, inlineMarkdown } from '../base/markdown-text'
import type { ModelFinding } from '../../contract/words/model-finding'
import { MERGEKIT_FILE, MODEL_CARD } from './copied-files'

const MAX_CARD_BYTES = 10_000_000

/** One of the models that an export was made from. */
export interface CardParent {
  role: 'base' | 'post' | 'source'
  /** What recipes call it. */
  name: string
  member: PairMember
  /** SHA-256 of its files of weights, by name. */
  sha256: ReadonlyMap<string, string>
}

export interface CardContent {
  recipe: Recipe
  strengths: readonly LayerStrength[]
  parents: readonly CardParent[]
  /** Findings about the model, the most important first; empty if nothing is known. */
  findings: readonly ModelFinding[]
  /** Why there is no mergekit file; null when there is one. */
  mergekitProblem: string | null
  /** Tensors that hold NaN or infinity. */
  nonFinite: readonly NonFiniteTensor[]
  /** Of post's card. */
  licence: Licence
  version: string
}

/** What a model card says of the licence, kept as it is. */
const Licence = z.object({ license: z.unknown(), license_name: z.unknown(), license_link: z.unknown() })
type Licence = Partial<z.infer<typeof Licence>>

/** The licence fields of a model folder's card; none where there is no card or it cannot be read. */
export async function readLicence({ checkpoint }: PairMember): Promise<Licence> {
  try {
    const text = await readModelText(checkpoint.path, MODEL_CARD, MAX_CARD_BYTES)
    const [, frontMatter] = /^---\r?\n([^]*?)\r?\n---(?:\r?\n|$)/.exec(text) ?? []
    const parsed = Licence.partial().safeParse(
      frontMatter === undefined
        ? {}
        : (await readYaml(frontMatter, join(checkpoint.path, MODEL_CARD), 0)).value
    )
    return parsed.data ?? {}
  } catch (error) {
    // A card is for people: one that is missing or broken keeps nobody from exporting.
    if (error instanceof WorkbenchError) return {}
    throw error
  }
}

/** The model card of an export, README.md: what it is, what it was made from, and how to make it again. */
export function modelCard(content: CardContent): string {
  const { recipe, strengths, parents, findings, mergekitProblem, nonFinite } = content
  const post = parents.find(({ role }) => role === 'post')
  const title = `${post === undefined ? '' : `${cardName(post.member)}, `}${recipe.name}`
  return [
    `---\n${frontMatter(content)}---`,
    `# ${inlineMarkdown(title)}`,
    `A post-trained language model with some of its decoder layers restored to ${restoredTo(strengths)} (Selective ` +
      'Layer Restoration, [arXiv 2602.06665](https://arxiv.org/abs/2602.06665)), a way to bring back diversity that ' +
      `post-training may take away. ${findingsSummary(findings)} No training was done; architecture and size are those of the post-trained model.`,
    SAFETY_NOTE,
    ...(nonFinite.length === 0 ? [] : ['## Warning', nonFiniteWarning(nonFinite)]),
    '## Recipe',
    describeStrengths(strengths, post === undefined || hasExperts(post.member.spec)),
    'Embeddings, final norm, head, tokenizer, chat template and generation config are those of the post-trained model.',
    ...configWarning(parents),
    fencedMarkdown('json', withoutTags(cardRecipe(recipe))),
    ...findingsSection(findings),
    '## Parents',
    ...parents.map(describeParent),
    '## Make it again',
    'With SLR Workbench ' +
      content.version +
      ', the recipe above saved as `recipe.json`, and the parents in folders of their own' +
      `${parents.some(({ role }) => role === 'source') ? ' (checkpoints that layers are taken of where the recipe has their `path`)' : ''}:`,
    fencedMarkdown('sh', 'slr export --base BASE --post POST recipe.json --out NEW_FOLDER'),
    mergekitProblem === null
      ? `Or with [mergekit](https://github.com/arcee-ai/mergekit): \`mergekit-yaml ${MERGEKIT_FILE} NEW_FOLDER\`.`
      : `mergekit cannot make this model: ${inlineMarkdown(mergekitProblem)}`
  ]
    .join('\n\n')
    .concat('\n')
}

/** States the findings in the card's first paragraph. It claims no more than was measured. */
export function findingsSummary(findings: readonly ModelFinding[]): string {
  const [first] = findings
  if (first === undefined) return 'Nothing that was measured of this model is known here.'
  const worse = findings.filter((finding) => finding !== first && finding.weight === 'against')
  return [first, ...worse]
    .map(({ by, headline, weight }) => {
      const text = inlineMarkdown(headline)
      return `Measured by ${inlineMarkdown(by)}: ${weight === 'against' ? `**${text}**` : text}`
    })
    .join(' ')
}

/** Shows the first finding with its figures, and one line for each further finding. */
export function findingsSection(findings: readonly ModelFinding[]): string[] {
  const [first, ...further] = findings
  if (first === undefined) return []
  const lines = [
    ...first.caveats,
    ...further.map(({ by, headline }) => `${capitalised(by)}: ${headline}`)
  ].map((text) => `- ${inlineMarkdown(text)}`)
  const cells = (values: readonly string[]): string => `| ${values.map(inlineMarkdown).join(' | ')} |`
  const { figures } = first
  return [
    '## Measurements',
    ...(figures.length === 0
      ? []
      : [
          [
            cells(figures.map(({ label }) => label)),
            `|${' --- |'.repeat(figures.length)}`,
            cells(figures.map(({ value }) => value))
          ].join('\n')
        ]),
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
    'Intervals, baselines and settings are in the report of the project: `slr report PROJECT`.'
  ]
}

function configWarning(parents: readonly CardParent[]): string[] {
  const [base, post] = (['base', 'post'] as const).map((role) =>
    parents.find((parent) => parent.role === role)
  )
  if (base === undefined || post === undefined) return []
  const warning = describeBaseDifferences(base.member.spec, post.member.spec)
  return warning === null ? [] : [warning]
}

const cardName = ({ checkpoint: { path } }: PairMember): string => publicModelName(path)

function frontMatter({ licence, parents }: CardContent): string {
  const fields = {
    ...licence,
    library_name: 'transformers',
    pipeline_tag: 'text-generation',
    // Post first: it is what the result behaves like.
    base_model: parents.map(({ member }) => cardName(member)),
    base_model_relation: 'merge',
    tags: ['merge', 'selective-layer-restoration']
  }
  // Whoever shows the card may take a tag in it for one; in double quotes it can be written otherwise.
  const hasTags = /[<>]/.test(JSON.stringify(fields))
  return hasTags
    ? stringify(fields, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' }).replace(
        /[<>]/g,
        (mark) => (mark === '<' ? '\\x3C' : '\\x3E')
      )
    : stringify(fields)
}

/** Of which weights the layers that are not post's are. */
function restoredTo(strengths: readonly LayerStrength[]): string {
  const restored = strengths.filter((layer) => !isPostLayer(layer))
  const others = restored.filter(({ source }) => source !== undefined).length
  if (others === 0) return 'their pre-trained weights'
  const ofOthers = 'those of other checkpoints, named below'
  return others === restored.length ? ofOthers : `their pre-trained weights, or to ${ofOthers}`
}

/** The recipe as a file of it. A source stands under its name: a card that is shared should not tell how its author's folders are called. */
function cardRecipe(recipe: Recipe): string {
  if ('ranges' in recipe) return JSON.stringify(recipe)
  const shown = withSources(recipe, (source) => ({ ...source, path: modelName(source.path) }))
  return JSON.stringify(shown, null, 2)
}

/** JSON that means the same, and is no markup for whoever shows it unescaped. */
function withoutTags(json: string): string {
  return json.replace(/[<>]/g, (mark) => (mark === '<' ? '\\u003c' : '\\u003e'))
}

/** @param routed whether layers have a router */
function describeStrengths(strengths: readonly LayerStrength[], routed: boolean): string {
  const rows: { start: number; end: number; what: string }[] = []
  for (const [layer, strength] of strengths.entries()) {
    const what = describeStrength(strength, routed)
    const last = rows.at(-1)
    if (last?.what === what) last.end = layer
    else rows.push({ start: layer, end: layer, what })
  }
  const body = rows.map(
    ({ start, end, what }) => `| ${start === end ? start : `${start}–${end}`} | ${what} |`
  )
  return ['| decoder layers (from 0) | weights |', '| --- | --- |', ...body].join('\n')
}

function describeStrength(layer: LayerStrength, routed: boolean): string {
  const { attention, mlp, source } = layer
  const from = source === undefined ? 'pre-trained' : inlineMarkdown(source.name)
  if (typeof attention === 'number' && attention === mlp) return describeShare(attention, from)
  return HALVES.map((half) => {
    const own = layer[half]
    if (typeof own === 'number') return `${half === 'mlp' ? 'MLP' : half}: ${describeShare(own, from)}`
    return componentGroups(layer, half, routed)
      .map(([strength, names]) => `${names}: ${describeShare(strength, from)}`)
      .join('; ')
  }).join('; ')
}

function describeShare(strength: number, from: string): string {
  if (strength === 0) return 'post-trained'
  if (strength === 1) return from
  // 1 - 1.3 is not -0.3 to the last bit, which nobody wants to read.
  const ofPost = strengthNumber(Number((1 - strength).toFixed(12)))
  const sum = `${ofPost} × post-trained + ${strengthNumber(strength)} × ${from}`
  return isExtrapolated(strength) ? `${sum} (extrapolated)` : sum
}

function nonFiniteWarning(nonFinite: readonly NonFiniteTensor[]): string {
  const list = nonFinite.map(
    (tensor) => `- ${inlineMarkdown(`${tensor.file}: ${describeNonFinite(tensor)}`)}`
  )
  return [
    'This model cannot be computed: weights of its parents, or what they come to, are not finite.',
    '',
    ...list
  ].join('\n')
}

function describeParent({ role, name, member, sha256 }: CardParent): string {
  const { checkpoint } = member
  const kind =
    role === 'source'
      ? `Checkpoint ${inlineMarkdown(name)}, of which layers are taken`
      : { base: 'Pre-trained (base)', post: 'Post-trained (post)' }[role]
  const revision = modelName(checkpoint.path).includes('/')
    ? `, revision ${inlineMarkdown(basename(checkpoint.path))}`
    : ''
  return [
    `${kind}: ${inlineMarkdown(cardName(member))}${revision}, fingerprint \`${checkpoint.fingerprint}\``,
    '',
    '| file | SHA-256 |',
    '| --- | --- |',
    ...checkpoint.files.map(({ name }) => `| ${inlineMarkdown(name)} | \`${sha256.get(name) ?? ''}\` |`)
  ].join('\n')
}
