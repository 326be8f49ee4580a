import { z } from 'zod'
import { fileError, requireValid, unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { readModelText } from '../base/files/model-file'
import { parseJsonObject, quoteName } from '../base/json-object'

export const ADAPTER_CONFIG = 'adapter_config.json'
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors'

/** Maximum size of a config. Typical configs have 1 kB, and configs that list every module have about 50 kB. */
const MAX_CONFIG_BYTES = 1_000_000
/** The largest rank that is read. PEFT's users choose 8 to 512. */
export const MAX_RANK = 65_536

const rank = z.number().int().min(1).max(MAX_RANK)

/** Settings of a PEFT adapter that determine its weights. Other fields are kept unchanged. */
const AdapterConfig = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
  revision: z.string().nullish(),
  r: rank,
  lora_alpha: z.number(),
  use_rslora: z.boolean().nullish(),
  rank_pattern: z.record(z.string(), rank).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  target_modules: z.union([z.string(), z.array(z.string())], 'expected a list of modules or a pattern').nullish(),
  ensure_weight_tying: z.boolean().nullish(),
  modules_to_save: z.array(z.string()).nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish()
})
export type AdapterConfig = z.infer<typeof AdapterConfig>

/** Fields of unsupported methods, each with the method's name for errors. A field without a value has no effect. */
const UNSUPPORTED_FIELDS = [
  ['use_dora', 'DoRA'],
  ['use_qalora', 'QA-LoRA'],
  ['use_bdlora', 'block-diagonal LoRA'],
  ['lora_bias', 'a bias of the factors'],
  ['layer_replication', 'repeated layers'],
  ['target_parameters', 'factors of single parameters'],
  ['trainable_token_indices', 'single trained tokens'],
  ['alora_invocation_tokens', 'activated LoRA'],
  ['arrow_config', 'Arrow routing'],
  ['megatron_config', 'Megatron layers'],
  ['kasa_config', 'KaSA'],
  ['velora_config', 'VeLoRA'],
  ['monteclora_config', 'MonteCLoRA']
] as const

/** Initialisations that change the base's weights too. The original base with the adapter is then another model. */
const CHANGED_BASE = /^(?:pissa|olora|corda|loftq|lora_ga)/i

const CONVERT_ADVICE =
  "Merge it into its base model with PEFT's merge_and_unload, save model and tokenizer with save_pretrained, " +
  'and choose that folder.'

/**
 * Reads the settings of a PEFT adapter and their text.
 * @throws WorkbenchError `not-found`; `bad-file` naming the field; `unsupported`
 */
export async function readAdapterConfig(
  folder: string,
  file: string
): Promise<{ text: string; config: AdapterConfig }> {
  const text = await readModelText(folder, ADAPTER_CONFIG, MAX_CONFIG_BYTES)
  const config = parseJsonObject(text, file)
  const type = config.peft_type
  if (typeof type === 'string' && type !== 'LORA') throw unsupported(file, `the method ${quoteName(type)}`)
  for (const [field, method] of UNSUPPORTED_FIELDS) {
    if (isSet(config[field])) throw unsupported(file, `${method} (${field})`)
  }
  const parsed = requireValid(AdapterConfig.safeParse(config), (issue) => fileError(`${file}: ${issue}.`))
  const initialisation = parsed.init_lora_weights
  if (typeof initialisation === 'string' && CHANGED_BASE.test(initialisation)) {
    throw unsupported(file, `init_lora_weights ${quoteName(initialisation)}, which changes the base's weights too`)
  }
  return { text, config: parsed }
}

function unsupported(file: string, what: string): WorkbenchError {
  return unsupportedError(`${file} uses ${what}; only LoRA is read.`, CONVERT_ADVICE)
}

/** Reports whether a field is in use. PEFT writes null, false and empty values for unused fields. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false
  return !(Array.isArray(value) && value.length === 0)
}

/** Rank and scale of the factors of a module, such as `model.layers.0.self_attn.q_proj`. */
export interface AdapterScaling {
  readonly rank: number
  /** The factor of the product B·A: alpha / rank, or alpha / √rank for rank-stabilised LoRA. */
  readonly scale: number
}

/**
 * Returns a function that gives the scaling of a module, as PEFT determines it. The values of the first pattern that
 * matches the end of the module's path apply, or else the adapter's own `r` and `lora_alpha`.
 *
 * @throws WorkbenchError `bad-file` for a pattern that is not a regular expression
 */
export function adapterScalings(config: AdapterConfig, file: string): (module: string) => AdapterScaling {
  const rankOf = patternValues(config.rank_pattern ?? {}, 'rank_pattern', file)
  const alphaOf = patternValues(config.alpha_pattern ?? {}, 'alpha_pattern', file)
  return (module) => {
    const moduleRank = rankOf(module) ?? config.r
    const alpha = alphaOf(module) ?? config.lora_alpha
    return { rank: moduleRank, scale: alpha / (config.use_rslora === true ? Math.sqrt(moduleRank) : moduleRank) }
  }
}

/** Returns a function that finds the value of the first pattern that matches the end of a module's name. */
function patternValues(
  patterns: Readonly<Record<string, number>>,
  field: string,
  file: string
): (module: string) => number | undefined {
  const entries = Object.entries(patterns).map(([pattern, value]) => {
    try {
      return { expression: new RegExp(`^(?:.*\\.)?(?:${pattern})$`), value }
    } catch {
      throw fileError(`${file}: ${field}: ${quoteName(pattern)} is not a regular expression.`)
    }
  })
  return (module) => entries.find(({ expression }) => expression.test(module))?.value
}
