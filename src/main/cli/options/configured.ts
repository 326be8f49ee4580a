import type { Command } from 'commander'
import { configuredMemory, readUserConfig } from '../../base/config-file'

/** Source of a value that the configuration file gives. */
const CONFIG = 'config'

/** Sets the device and memory that the command line leaves out. @throws WorkbenchError as `readUserConfig` */
export async function applyConfig(command: Command): Promise<void> {
  const config = await readUserConfig()
  const values = { device: config.device, memory: configuredMemory(config) }
  for (const [name, value] of Object.entries(values)) {
    const option = command.options.find((one) => one.attributeName() === name)
    const isAllowed = option?.argChoices?.includes(String(value)) ?? option !== undefined
    if (value !== undefined && value !== null && isAllowed && command.getOptionValueSource(name) === undefined)
      command.setOptionValueWithSource(name, value, CONFIG)
  }
}

/** Reports whether the configuration file gave the value of an option. */
export const isConfigured = (command: Command, name: string): boolean => command.getOptionValueSource(name) === CONFIG
