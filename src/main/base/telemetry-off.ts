/**
 * Switches telemetry off. Otherwise onnxruntime's builds for Linux report every session to their maker, with a lasting
 * id of the device (except in CI). Processes started from here inherit the setting.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1'
