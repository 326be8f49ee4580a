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
  const families = Object.entries(FAMILIES).map(([modelType, { label, ignored }]) => {
    const read = keysRead(modelType).filter((key) => !ignored.includes(key))
    return `| ${label} (\`${modelType}\`) | ${codes(read)} | ${codes(ignored)} |`
  })
  const nested = Object.entries(NESTED_TEXT_CONFIGS).map(([modelType, { key, modelTypes, ignored }]) => {
    const inner = modelTypes.map((type) => `\`${type}\``).join(' or ')
    return `| \`${modelType}\` | \`${key}\`, as ${inner} | ${codes(ignored)} |`
  })
  const values = Object.entries(NEUTRAL_VALUES).map(
    ([key, neutral]) => `| \`${key}\` | ${codes(neutral.map((value) => JSON.stringify(value)))} |`
  )
  return `# Keys of config.json

Written and checked by \`test/unit/main/family/config-keys-table.test.ts\`; \`npx vitest run FILE --update\`
writes it again. A key outside these tables is refused by name, because an ignored computation gives plausible
but wrong numbers. Null, an empty list and an empty object change nothing.

\`quantization_config\` describes weights stored as numbers with scales; \`src/main/checkpoint/scaled-schemes.ts\`
lists the formats. Supported are float8 by block or tensor (\`fp8\`), 8-bit and packed 4-bit or 8-bit numbers of
\`compressed-tensors\` (by channel or group, symmetric or not, with or without act-order), and \`gptq\` of 4 or
8 bits in both formats. AWQ, bitsandbytes, MXFP4, NVFP4, Marlin and other bits are refused with the reason. So are
several groups of modules, modules of other bits (\`dynamic\`), pruned or rotated weights, and the highest GPTQ zero
point of the first format, which programs read differently.

## By family

\`dual_chunk_attention_config\` changes nothing within the first chunk of \`chunk_size - local_size\` tokens, which is
the context window here. Longer prompts are refused, because vLLM and transformers compute different positions for
them. \`layer_types\` of a family without windows may list only \`full_attention\`.

Keys of \`rope_scaling\` and \`rope_parameters\` are read by the type of RoPE; others in them are refused.

| family | read | ignored, as in the reference |
| --- | --- | --- |
${families.join('\n')}

## Around a text model in a multimodal config

| model type | text model | ignored |
| --- | --- | --- |
${nested.join('\n')}

## Ignored in every family

| why they change no number | keys |
| --- | --- |
${NEUTRAL_KEYS.map(({ why, keys }) => `| ${why} | ${codes(keys)} |`).join('\n')}

## Ignored with these values, in families that do not read them

| key | value |
| --- | --- |
${values.join('\n')}
`
}

test('docs/config-keys.md names every key that is known, and what is done with it', async () => {
  const config = await resolveConfig(TABLE)
  await expect(await format(table(), { ...config, parser: 'markdown' })).toMatchFileSnapshot(TABLE)
})
