import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { decoderSpec } from '../../../../src/main/family'
import { FAMILIES } from '../../../../src/main/family/family-table'
import { NESTED_TEXT_CONFIGS } from '../../../../src/main/family/nested-text'
import { NEUTRAL_KEYS, NEUTRAL_VALUES } from '../../../../src/main/family/neutral-keys'
import { PUBLISHED_CONFIGS } from '../../../fixtures/published-configs'

const TABLE = join(import.meta.dirname, '../../../../docs/config-keys.md')

/** Keys that a family's row asks for, as its refusals name them. */
function keysRead(modelType: string): string[] {
  const published = PUBLISHED_CONFIGS.find(({ config }) => config.model_type === modelType)
  try {
    decoderSpec({ ...published?.config, unknown_key: 1 }, 'config.json')
  } catch (error) {
    const [, keys] =
      error instanceof WorkbenchError
        ? (/^Read for .*?: (.*?)\. If/.exec(error.problem.hint ?? '') ?? [])
        : []
    if (keys !== undefined) return keys.split(', ')
    throw error
  }
  throw new Error(`${modelType} reads any key`)
}

const codes = (keys: readonly string[]): string => keys.map((key) => `\`${key}\``).join(', ')

/** Lists every known key of a config.json by its treatment. */
function table(): string {
  const keysOf = Object.entries(FAMILIES).map(([modelType, { label, ignored }]) => {
    const read = keysRead(modelType).filter((key) => !ignored.includes(key))
    return { label, modelType, read, ignored }
  })
  const usual = [...new Set(keysOf.flatMap(({ read }) => read))]
    .filter((key) => keysOf.filter(({ read }) => read.includes(key)).length > keysOf.length / 2)
    .sort()
  const families = keysOf.map(({ label, modelType, read, ignored }) => {
    const others = {
      Also: read.filter((key) => !usual.includes(key)),
      Not: usual.filter((key) => !read.includes(key) && !ignored.includes(key)),
      Ignores: ignored
    }
    const parts = Object.entries(others).flatMap(([word, keys]) =>
      keys.length === 0 ? [] : [`${word} ${codes(keys)}.`]
    )
    return `- ${label} (\`${modelType}\`): ${parts.join(' ') || 'these alone.'}`
  })
  const nested = Object.entries(NESTED_TEXT_CONFIGS).map(([modelType, { key, modelTypes, ignored }]) => {
    const inner = modelTypes.map((type) => `\`${type}\``).join(' or ')
    return `- \`${modelType}\` holds ${inner} in \`${key}\`. It ignores ${codes(ignored)}.`
  })
  const values = Object.entries(NEUTRAL_VALUES).map(
    ([key, neutral]) => `\`${key}\` ${neutral.map((value) => JSON.stringify(value)).join(' or ')}`
  )
  return `# Keys of config.json

This page says which keys of a model's \`config.json\` are read, ignored or refused. A key that is not listed is
refused by name, because an ignored computation gives plausible but wrong numbers. Null, an empty list and an empty
object change nothing. \`npx vitest run test/unit/main/family/config-keys-table.test.ts -u\` writes the page.

## Read

Families read ${codes(usual)}. Keys of \`rope_scaling\` and \`rope_parameters\` are read by the type of RoPE. Families differ as follows, and ignore what their reference ignores:

${families.join('\n')}
${nested.join('\n')}

\`dual_chunk_attention_config\` changes nothing within the first chunk of \`chunk_size - local_size\` tokens, which is
the context window here. \`layer_types\` of a family without windows may list only \`full_attention\`.

\`quantization_config\` is read for float8 by block or tensor (\`fp8\`) and for \`gptq\` of 4 or 8 bits. It is also read for
\`compressed-tensors\` of 8 bits and of packed 4 or 8 bits, by channel or group, with or without act-order. Refused are AWQ,
bitsandbytes, MXFP4, NVFP4, Marlin, other bits, several groups of modules, \`dynamic\`, and pruned or rotated weights.
So is the highest GPTQ zero point of the first format, which programs read differently.

## Ignored in every family

${NEUTRAL_KEYS.map(({ why, keys }) => `- ${why}: ${codes(keys)}.`).join('\n')}

Families that do not read these keys ignore these values: ${values.join(', ')}.
`
}

test('docs/config-keys.md names every known key and its treatment', async () => {
  const config = await resolveConfig(TABLE)
  await expect(await format(table(), { ...config, parser: 'markdown' })).toMatchFileSnapshot(TABLE)
})
