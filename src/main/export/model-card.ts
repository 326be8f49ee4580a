import { capitalised, rangeLabel } from '../../contract/words/format'
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
  stretches,
  withSources
} from '../../contract/model/strengths'
import type { LayerStrength, Recipe } from '../../contract/model/recipe'
import type { ExportForm, LowRankAdapter } from '../../contract/procedures/export'
import { readModelText } from '../base/files/model-file'
import { readYaml } from '../sandbox/yaml'
import { folderModelName, publicModelName } from '../checkpoint/model-folder'
import { hasExperts } from '../family'
import { describeBaseDifferences } from '../checkpoint/config-differences'
import type { PairMember } from '../checkpoint/pair-member'
import { fencedMarkdown, inlineMarkdown } from '../base/markdown-text'
import type { ModelFinding } from '../../contract/words/model-finding'
import { MERGEKIT_FILE, MODEL_CARD } from './copied-files'

const MAX_CARD_BYTES = 10_000_000

/** A model that an export was made from, as its model card lists it. */
export interface CardParent {
  role: 'base' | 'post' | 'source'
  /** Name of the model in recipes. */
  name: string
  member: PairMember
  /** Checksum of each weight file, by file name. */
  sha256: ReadonlyMap<string, string>
}

interface CardContent {
  recipe: Recipe
  strengths: readonly LayerStrength[]
  parents: readonly CardParent[]
  /** Findings about the model, the most important first; empty without measurements. */
  findings: readonly ModelFinding[]
  /** Warning of lost safety training. */
  safety: string
  /** Reason why there is no mergekit file; null if there is one. */
  mergekitProblem: string | null
  form: ExportForm
  /** Differences between a low-rank adapter and its recipe. */
  notes: readonly string[]
  /** Tensors that hold NaN or infinity. */
  nonFinite: readonly NonFiniteTensor[]
  licence: Licence
  version: string
}

/** Licence fields of a model card. They are copied unchanged. */
const Licence = z.object({ license: z.unknown(), license_name: z.unknown(), license_link: z.unknown() })
type Licence = Partial<z.infer<typeof Licence>>

/** Reads the licence fields of a model folder's card; none if there is no readable card. */
export async function readLicence({ checkpoint }: PairMember): Promise<Licence> {
  try {
    const text = await readModelText(checkpoint.path, MODEL_CARD, MAX_CARD_BYTES)
    const [, frontMatter] = /^---\r?\n([^]*?)\r?\n---(?:\r?\n|$)/.exec(text) ?? []
    const parsed = Licence.partial().safeParse(
      frontMatter === undefined ? {} : (await readYaml(frontMatter, join(checkpoint.path, MODEL_CARD), 0)).value
    )
    return parsed.data ?? {}
  } catch (error) {
    // A missing or broken card does not prevent an export.
    if (error instanceof WorkbenchError) return {}
    throw error
  }
}

/** Writes the model card of an export, README.md: the model, its parents, and the commands that make it again. */
export function modelCard(content: CardContent): string {
  const { recipe, strengths, parents, findings, safety, mergekitProblem, form, notes, nonFinite } = content
  const post = parents.find(({ role }) => role === 'post')
  const title = `${post === undefined ? '' : `${cardName(post.member)}, `}${recipe.name}`
  return [
    `---\n${frontMatter(content)}---`,
    `# ${inlineMarkdown(title)}`,
    `A post-trained language model with some of its decoder layers restored to ${restoredTo(strengths)} (Selective ` +
      'Layer Restoration, [arXiv 2602.06665](https://arxiv.org/abs/2602.06665)), a way to bring back diversity that ' +
      `post-training may take away. ${findingsSummary(findings)} No training was done; ` +
      'architecture and size are those of the post-trained model.',
    inlineMarkdown(safety),
    ...(nonFinite.length === 0 ? [] : ['## Warning', nonFiniteWarning(nonFinite)]),
    '## Recipe',
    describeStrengths(strengths, post === undefined || hasExperts(post.member.spec)),
    ...(form.kind === 'low-rank' ? [lowRankText(form, notes)] : []),
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
      (parents.some(({ role }) => role === 'source')
        ? ' (checkpoints that layers are taken of where the recipe has their `path`)'
        : '') +
      ':',
    fencedMarkdown('sh', `slr export --base BASE --post POST recipe.json${optionsOf(form)} --out NEW_FOLDER`),
    mergekitProblem === null
      ? `Or with [mergekit](https://github.com/arcee-ai/mergekit): \`mergekit-yaml ${MERGEKIT_FILE} NEW_FOLDER\`.`
      : `mergekit cannot make this model: ${inlineMarkdown(mergekitProblem)}`
  ]
    .join('\n\n')
    .concat('\n')
}

/** Writes the first paragraph of the model card from findings, without claims that were not measured. */
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

/** Writes the section on measurements: the first finding with its figures, and a line for each further finding. */
export function findingsSection(findings: readonly ModelFinding[]): string[] {
  const [first, ...further] = findings
  if (first === undefined) return []
  const others = further.map(({ by, headline, figures }) =>
    [`${capitalised(by)}: ${headline}`, ...figures.map(({ label, value }) => `${capitalised(label)}: ${value}.`)].join(
      ' '
    )
  )
  const lines = [...first.caveats, ...others].map((text) => `- ${inlineMarkdown(text)}`)
  const cells = (values: readonly string[]): string => `| ${values.map(inlineMarkdown).join(' | ')} |`
  const { figures } = first
  return [
    '## Measurements',
    ...(figures.length === 0
      ? []
      : [
          `By ${inlineMarkdown(first.by)}:`,
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
  const [base, post] = (['base', 'post'] as const).map((role) => parents.find((parent) => parent.role === role))
  if (base === undefined || post === undefined) return []
  const warning = describeBaseDifferences(base.member.spec, post.member.spec)
  return warning === null ? [] : [warning]
}

const cardName = ({ checkpoint: { path } }: PairMember): string => publicModelName(path)

function optionsOf(form: ExportForm): string {
  if (form.kind === 'model') return ''
  if (form.kind === 'adapter') return ' --adapter'
  return ` --adapter --rank ${form.rank}${form.savesNormsAndBiases ? ' --save-norms' : ''}`
}

const lowRankText = ({ rank }: LowRankAdapter, notes: readonly string[]): string =>
  [
    `This folder is an adapter of rank ${rank} on the post-trained model, which approximates the recipe.`,
    ...notes
  ].join(' ')

function frontMatter({ licence, parents, form }: CardContent): string {
  const isAdapter = form.kind !== 'model'
  const adapterBase = form.kind === 'low-rank' ? 'post' : 'base'
  const fields = {
    ...licence,
    library_name: isAdapter ? 'peft' : 'transformers',
    pipeline_tag: 'text-generation',
    // Post comes first, because the result behaves like it.
    base_model: parents.filter(({ role }) => !isAdapter || role === adapterBase).map(({ member }) => cardName(member)),
    base_model_relation: isAdapter ? 'adapter' : 'merge',
    tags: ['merge', 'selective-layer-restoration']
  }
  // A website might interpret HTML tags in the card. Double-quoted YAML can escape them.
  const hasTags = /[<>]/.test(JSON.stringify(fields))
  return hasTags
    ? stringify(fields, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' }).replace(
        /[<>]/g,
        (mark) => (mark === '<' ? '\\x3C' : '\\x3E')
      )
    : stringify(fields)
}

/** Names the weights that layers are restored to, in the first paragraph. */
function restoredTo(strengths: readonly LayerStrength[]): string {
  const restored = strengths.filter((layer) => !isPostLayer(layer))
  const others = restored.filter(({ source }) => source !== undefined).length
  if (others === 0) return 'their pre-trained weights'
  const ofOthers = 'those of other checkpoints, named below'
  return others === restored.length ? ofOthers : `their pre-trained weights, or to ${ofOthers}`
}

/** Writes the recipe as JSON. Names replace the author's folders. */
function cardRecipe(recipe: Recipe): string {
  if ('ranges' in recipe) return JSON.stringify(recipe)
  const namedRecipe = withSources(recipe, (source) => ({ ...source, path: folderModelName(source.path) }))
  return JSON.stringify(namedRecipe, null, 2)
}

/** Escapes angle brackets in JSON, so that a page that shows it unescaped finds no markup. */
function withoutTags(json: string): string {
  return json.replace(/[<>]/g, (mark) => (mark === '<' ? '\\u003c' : '\\u003e'))
}

/** Lists the strengths in a table. @param routed true if layers have a router of experts */
function describeStrengths(strengths: readonly LayerStrength[], routed: boolean): string {
  const body = stretches(strengths).map(
    ({ strength, ...range }) => `| ${rangeLabel(range)} | ${describeStrength(strength, routed)} |`
  )
  return ['| decoder layers (from 0) | weights |', '| --- | --- |', ...body].join('\n')
}

function describeStrength(layer: LayerStrength, routed: boolean): string {
  const { attention, mlp, source } = layer
  const from = source === undefined ? 'pre-trained' : inlineMarkdown(source.name)
  if (typeof attention === 'number' && attention === mlp) return describeShare(attention, from)
  return HALVES.map((half) => {
    const part = layer[half]
    if (typeof part === 'number') return `${half === 'mlp' ? 'MLP' : half}: ${describeShare(part, from)}`
    return componentGroups(layer, half, routed)
      .map(([strength, names]) => `${names}: ${describeShare(strength, from)}`)
      .join('; ')
  }).join('; ')
}

function describeShare(strength: number, from: string): string {
  if (strength === 0) return 'post-trained'
  if (strength === 1) return from
  // Rounding removes binary errors: 1 - 1.3 is not exactly -0.3.
  const ofPost = strengthNumber(Number((1 - strength).toFixed(12)))
  const sum = `${ofPost} × post-trained + ${strengthNumber(strength)} × ${from}`
  return isExtrapolated(strength) ? `${sum} (extrapolated)` : sum
}

function nonFiniteWarning(nonFinite: readonly NonFiniteTensor[]): string {
  const list = nonFinite.map((tensor) => `- ${inlineMarkdown(`${tensor.file}: ${describeNonFinite(tensor)}`)}`)
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
  const revision = folderModelName(checkpoint.path).includes('/')
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
