/**
 * onnxruntime's builds for Linux report every session to their maker, with a lasting id of the device, unless this is
 * set (or CI is, so that no pipeline sees it). Processes started from here inherit it.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1'
